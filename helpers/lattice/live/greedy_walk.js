// A greedy walk, step by step: the joiner's answer as bars, the path so far, what is written, where it first errs.
// spec.steps: [t, u, symbols, shares, what the prediction network read]; spec.points: one more than steps, in the scene.

register("greedy_walk", (stage) => {
  const { spec, svg } = stage;
  const { steps, points, truth, error } = spec;
  const blank = "∅";
  const seen = (symbol) => symbol.replace(" ", "␣");
  const [walked, strayed, walker] = ["walked", "strayed", "walker"].map((id) => stage.el(id));
  const line = (part) => (part.length ? part : points.slice(0, 1)).map((point) => point.join(",")).join(" ");
  const right = error < 0 ? steps.length : error;
  const bars = Array.from({ length: spec.bars }, (_, i) => ({
    bar: stage.el(`bar-${i}`),
    symbol: stage.el(`bar-symbol-${i}`),
    share: stage.el(`bar-share-${i}`),
  }));
  // Captions of the still picture tell the end; here it is told when one gets there.
  for (const element of svg.querySelectorAll('[data-id^="caption-"]')) element.remove();
  const [, , width] = svg.getAttribute("viewBox").split(" ");
  const bottom = Number(stage.el("key-walked-text").getAttribute("y")) + 14;
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom}`);
  svg.setAttribute("height", bottom);

  function written(n) {
    // What stands there before step n, right and wrong.
    const parts = [[], []];
    for (let i = 0; i < n; i++) if (steps[i][2][0] !== blank) parts[i < right ? 0 : 1].push(steps[i][2][0]);
    return parts.map((part) => part.join(""));
  }

  function show(n) {
    walked.setAttribute("points", line(points.slice(0, Math.min(n, right) + 1)));
    strayed.setAttribute("points", n > right ? line(points.slice(right, n + 1)) : "");
    walker.setAttribute("cx", points[n][0]);
    walker.setAttribute("cy", points[n][1]);
    const [good, bad] = written(n);
    const text = ["written: ", [`“${good}`, "mono"], [bad, "mono", "wrong"], ["”", "mono"]];
    if (n === steps.length) {
      const said = truth.length ? [["said:    ", [`“${truth.join("")}”`, "mono"]]] : [];
      stage.say([`The end, after ${steps.length} calls of the joiner. ${spec.verdict}`, text, ...said], { spoken: true });
      return;
    }
    const [t, u, symbols, shares, read] = steps[n];
    stage.setText("bars-title", `joiner at (${t}, ${u})`);
    bars.forEach(({ bar, symbol, share }, i) => {
      const [kind, p] = [symbols[i] ?? "", shares[i] ?? 0];
      bar.setAttribute("width", Math.max(0.5, spec.bar * p).toFixed(1));
      bar.classList.toggle("bar-blank", kind === blank);
      bar.classList.toggle("bar-label", kind !== blank);
      symbol.textContent = seen(kind);
      share.textContent = kind ? p.toFixed(3) + (kind === truth[u] && n <= right ? " ← said next" : "") : "";
    });
    const best = symbols[0];
    const isBlank = best === blank;
    const head = [
      [`(t=${t}, u=${u})`, "strong"],
      ` · step ${n + 1} of ${steps.length} · the joiner likes `,
      [isBlank ? blank : `“${seen(best)}”`, isBlank ? "blank" : "label", "strong"],
      ` best, ${shares[0].toFixed(3)}, then ${symbols[1] === blank ? blank : `“${seen(symbols[1])}”`}, ${shares[1].toFixed(3)}`,
    ];
    const asked = read.map((one) => (one === blank ? blank : `“${seen(one)}”`)).join(", ");
    const happens = isBlank
      ? [["blank", "blank"], `: t → ${t + 1}, u stays. The prediction network `]
      : [["label", "label"], `: u → ${u + 1}, t stays. The prediction network `];
    if (isBlank) happens.push(asked ? [`reads ${asked}, and it should rest.`, "wrong"] : "rests.");
    else happens.push(read.length === 1 && read[0] === best ? `reads ${asked}.` : [asked ? `reads ${asked}.` : "reads nothing.", "wrong"]);
    const lines = [head, happens, text];
    if (n === error) {
      const instead = u < truth.length ? `“${seen(truth[u])}” was said` : "nothing more was said";
      lines.splice(2, 0, [[`Here it leaves the lattice: ${instead}.`, "wrong"]]);
    }
    stage.say(lines, { spoken: true });
  }

  stage.reserve(4);
  const film = stage.player(steps.length + 1, show, {
    label: "step",
    pace: 420,
    text: (i) => (i < steps.length ? `${i + 1} of ${steps.length}` : "the end"),
  });
  if (error >= 0) stage.button("first error", "go to the first wrong label (e)", () => film.go(error));
  // Not `choose`: the space key is to play.
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const { x0, dx, T } = stage.panels[0];
    const t = Math.round((((event.clientX - box.left) * svg.viewBox.baseVal.width) / box.width - x0) / dx);
    if (t >= 0 && t < T) film.go(Math.max(0, steps.findIndex((step) => step[0] >= t)));
  });
  stage.hint("→ and ← step, space plays, Home and End jump; click a frame to go there.");
  stage.walkable({
    name: ({ t, u }) => `greedy walk, frame ${t}, ${u} labels written; arrow keys step along the walk`,
    keys: {
      ArrowRight: () => film.go(film.at() + 1),
      ArrowLeft: () => film.go(film.at() - 1),
      ArrowUp: () => film.go(film.at() + 1),
      ArrowDown: () => film.go(film.at() - 1),
      Home: () => film.go(0),
      End: () => film.go(steps.length),
      e: () => error >= 0 && film.go(error),
    },
  });
  film.go(error < 0 ? 0 : Math.max(0, error - 3));
});
