// Sound, spectrogram and alignment on one time axis: a playhead, and every label and word can be heard alone.
// spec.labels: [symbol, frame] in the order of writing; spec.audio: a file in base64, decoded when it is first played.

register("over_spectrogram", (stage) => {
  const { spec, svg } = stage;
  const { labels, wrong, frame, seconds, left, across } = spec;
  const playhead = stage.el("playhead");
  const seen = (symbol) => symbol.replace(" ", "␣");
  const toX = (time) => left + (time / frame) * across;
  const limit = (time) => Math.min(Math.max(time, 0), seconds);
  // A label's sound lasts until the next label of a later frame.
  const spans = labels.map(([, t], i) => {
    const next = labels.slice(i + 1).find(([, other]) => other > t);
    return [t * frame, next ? next[1] * frame : spec.T * frame];
  });
  const wordOf = [];
  labels.reduce((n, [symbol]) => (wordOf.push(symbol === " " ? -1 : n), symbol === " " ? n + 1 : n), 0);
  const wordNumbers = [...new Set(wordOf)].filter((n) => n >= 0);

  for (const element of svg.querySelectorAll('[data-id^="caption-"]')) element.remove();
  const [, , width] = svg.getAttribute("viewBox").split(" ");
  const height = Number(stage.el("second-0").getAttribute("y")) + 12;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);

  // ---- the letters as buttons, word by word

  const block = stage.section("");
  block.append(
    h(
      "style",
      {},
      `.letters{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center}
.letters .of{display:inline-flex;gap:2px;align-items:center}
.letters button{min-width:24px;padding:2px 4px;font-weight:700;color:var(--c-label)}
.letters button.hear{color:var(--c-ink);font-weight:400;padding:2px 6px}
.letters button.off{color:var(--c-wrong);text-decoration:underline wavy}
.letters button.now{background:var(--c-ink);color:var(--c-paper)}`,
    ),
  );
  const row = h("div", { class: "letters", role: "group", "aria-label": "what is written: press a letter to hear it" });
  block.append(row);
  const letters = labels.map(([symbol, t], i) => {
    const button = h("button", { type: "button", on: { click: () => hear(i) } }, seen(symbol));
    button.setAttribute("aria-label", `${symbol === " " ? "space" : symbol}, frame ${t}`);
    if (wrong >= 0 && i >= wrong) button.title = i === wrong ? "the first wrong label" : "";
    if (i === wrong) button.classList.add("off");
    return button;
  });
  for (const n of wordNumbers) {
    const word = h("span", { class: "of" });
    const text = labels.filter((_, i) => wordOf[i] === n).map(([symbol]) => symbol).join("");
    word.append(h("button", { type: "button", class: "hear", "aria-label": `hear “${text}”`, on: { click: () => hearWord(n) } }, "▶"));
    letters.forEach((button, i) => wordOf[i] === n && word.append(button));
    row.append(word);
  }
  labels.forEach(([symbol], i) => symbol === " " && row.append(letters[i]));
  // Spaces go where they were written.
  wordNumbers.slice(0, -1).forEach((n, k) => {
    const space = labels.findIndex(([symbol], i) => symbol === " " && i > wordOf.lastIndexOf(n));
    if (space >= 0) row.insertBefore(letters[space], row.children[2 * k + 1] ?? null);
  });

  // ---- sound

  let context = null;
  let buffer = null;
  let playing = null; // {source, from, to, began}
  let time = 0;
  let selected = -1;

  async function ready() {
    context ??= new (window.AudioContext ?? window.webkitAudioContext)();
    if (!buffer) {
      const bytes = Uint8Array.from(atob(spec.audio), (letter) => letter.charCodeAt(0));
      buffer = await context.decodeAudioData(bytes.buffer);
    }
    await context.resume();
  }

  async function play(from, to) {
    stop();
    const mine = (playing = { from: limit(from), to: limit(to), source: null, began: 0 });
    button.textContent = "❚❚ pause";
    try {
      await ready();
    } catch {
      stop();
      stage.say([[["This browser cannot play the sound: ", "wrong"], `${spec.mime} is unknown to it.`]], { spoken: true });
      return;
    }
    if (playing !== mine) return; // something else was pressed while the sound was unpacked
    mine.source = context.createBufferSource();
    mine.source.buffer = buffer;
    mine.source.connect(context.destination);
    mine.began = context.currentTime;
    mine.source.start(0, mine.from, mine.to - mine.from);
    requestAnimationFrame(tick);
  }

  function tick() {
    if (!playing?.source) return;
    if (!svg.isConnected) return stop();
    const now = playing.from + Math.max(0, context.currentTime - playing.began - (context.outputLatency || 0));
    if (now >= playing.to) {
      move(playing.to);
      return stop();
    }
    move(now);
    requestAnimationFrame(tick);
  }

  function stop() {
    const was = playing;
    playing = null;
    try {
      was?.source?.stop();
    } catch {
      // it had not begun
    }
    button.textContent = "▶ play";
  }

  // ---- where one is

  let lit = new Set();

  function move(to) {
    time = limit(to);
    const x = toX(time).toFixed(1);
    playhead.setAttribute("x1", x);
    playhead.setAttribute("x2", x);
    clock.textContent = `${time.toFixed(2)} s, frame ${Math.min(spec.T - 1, Math.floor(time / frame + 1e-6))}`;
    const now = new Set();
    spans.forEach(([from, end], i) => time >= from - 1e-6 && time < end - 1e-6 && now.add(i));
    for (const i of lit) if (!now.has(i)) letters[i].classList.remove("now");
    for (const i of now) if (!lit.has(i)) letters[i].classList.add("now");
    lit = now;
  }

  function tell(i, spoken) {
    const [symbol, t] = labels[i];
    const [from, to] = spans[i];
    const count = Math.max(1, Math.round((to - from) / frame));
    const together = labels.filter(([, other]) => other === t).map(([one]) => seen(one));
    const lines = [
      [
        [`“${seen(symbol)}”`, "label", "strong"],
        ` is written at (t=${t}, u=${i}), ${from.toFixed(2)} s; the next frame with a label is ${count} ${count === 1 ? "frame" : "frames"} later`,
      ],
    ];
    if (together.length > 1) lines.push(`frame ${t} writes ${together.length} labels: “${together.join("")}”`);
    if (i === wrong) lines.push([[`wrong: ${i < spec.truth.length ? `“${seen(spec.truth[i])}”` : "nothing more"} was said here`, "wrong"]]);
    stage.say(lines, { spoken });
  }

  function hear(i) {
    selected = i;
    tell(i, true);
    move(spans[i][0]);
    play(...spans[i]);
  }

  function hearWord(n) {
    const [first, last] = [wordOf.indexOf(n), wordOf.lastIndexOf(n)];
    selected = first;
    const text = labels.slice(first, last + 1).map(([symbol]) => symbol).join("");
    const to = Math.max(spans[last][0] + frame, labels[last + 1] ? labels[last + 1][1] * frame : spans[last][1]);
    stage.say([["the word ", [`“${text}”`, "label", "strong"], `, ${spans[first][0].toFixed(2)} s to ${to.toFixed(2)} s`]], { spoken: true });
    move(spans[first][0]);
    play(spans[first][0], to);
  }

  const step = (by) => hear(Math.min(Math.max(selected + by, 0), labels.length - 1));
  const toggle = () => (playing ? stop() : play(time >= seconds - 0.01 ? 0 : time, seconds));
  const button = stage.button("▶ play", "play or pause (space)", toggle);
  button.style.minWidth = "6.5em";
  stage.button("|◀", "back to the start (Home)", () => (stop(), move(0)));
  if (labels.length) {
    stage.button("◀ label", "hear the label before (←)", () => step(-1));
    stage.button("label ▶", "hear the next label (→)", () => step(1));
  }
  const clock = h("output", {}, "");
  clock.style.minWidth = "9em";
  stage.root.querySelector(".tools").append(clock);

  function at(event) {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width || 1;
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
  }
  const top = Number(stage.el("spectrogram-frame").getAttribute("y"));
  const below = top + Number(stage.el("spectrogram-frame").getAttribute("height"));
  svg.style.cursor = "pointer";
  svg.addEventListener(
    "click",
    (event) => {
      const [x, y] = at(event);
      const when = ((x - left) / across) * frame;
      if (when < -frame) return;
      event.stopImmediatePropagation();
      svg.querySelector("[tabindex='0']")?.focus({ preventScroll: true }); // so that the keys work from here on
      if (y < top) {
        // a letter above the spectrogram: the nearest
        const near = labels.reduce((best, [, t], i) => (Math.abs(t * frame - when) < Math.abs(labels[best][1] * frame - when) ? i : best), 0);
        return hear(near);
      }
      if (y < below + 26 && y > below) {
        const n = wordNumbers.find((one) => {
          const [first, last] = [wordOf.indexOf(one), wordOf.lastIndexOf(one)];
          return when >= spans[first][0] && when < spans[last][1];
        });
        if (n !== undefined) return hearWord(n);
      }
      stop();
      move(when);
    },
    true,
  );
  const keys = {
    " ": toggle,
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowUp: () => step(1),
    ArrowDown: () => step(-1),
    Home: () => (stop(), move(0)),
    End: () => (stop(), move(seconds)),
    w: () => selected >= 0 && wordOf[selected] >= 0 && hearWord(wordOf[selected]),
  };
  stage.walkable({ name: () => "alignment over the spectrogram; arrow keys hear one label after the other, space plays", keys });
  stage.hint("space plays; → and ← hear one label, w its word. Click a letter, a word, or any place in the picture.");
  stage.reserve(3);
  stage.say([`written: “${labels.map(([symbol]) => symbol).join("")}”`, spec.truth.length ? `said: “${spec.truth.join("")}”` : ""]);
  move(0);
});
