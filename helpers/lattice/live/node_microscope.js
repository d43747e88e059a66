// One node at a time: two vectors, their sum, the joiner's softmax. Below, what the joiner's output weighs for any sizes.

register("node_microscope", (stage) => {
  const { spec } = stage;
  const { left, across, scale } = spec.strips;
  const blank = "∅";
  for (const element of stage.svg.querySelectorAll('[data-id^="caption-"]')) element.remove();
  const key = stage.el("key-bar-what");
  const [, , width] = stage.svg.getAttribute("viewBox").split(" ");
  const height = Number(key.getAttribute("y")) + 14;
  stage.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  stage.svg.setAttribute("height", height);

  const chosen = stage.marker("found");
  const bars = [];
  for (let i = 0; stage.el(`bar-${i}`); i++) {
    bars.push({ bar: stage.el(`bar-${i}`), symbol: stage.el(`bar-symbol-${i}`), share: stage.el(`bar-share-${i}`) });
  }

  function strip(name, values) {
    const middle = spec.strips[name];
    const points = Array.from(values).flatMap((value, j) => {
      const x = (left + (j + 0.5) * across).toFixed(1);
      return [`${x},${middle}`, `${x},${(middle - scale * value).toFixed(1)}`, `${x},${middle}`];
    });
    stage.el(`strip-${name}`).setAttribute("points", points.join(" "));
  }

  let at = null;
  const low = (n) => String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

  function show(t, u, spoken) {
    const before = at;
    at = { t, u };
    chosen.at(stage.node(t, u));
    strip("f", spec.f[t]);
    strip("g", spec.g[u]);
    strip("sum", spec.sum[t * (stage.U + 1) + u]);
    stage.setText("strip-f-title", `f${low(t)}`);
    stage.setText("strip-g-title", `g${low(u)}`);
    stage.setText("bars-title", `softmax at (${t}, ${u})`);
    const top = spec.top[t][u];
    bars.forEach(({ bar, symbol, share }, i) => {
      const [text, p] = top[i] ?? ["", 0];
      bar.setAttribute("width", Math.max(0.5, spec.bar * p).toFixed(1));
      bar.classList.toggle("bar-blank", text === blank);
      bar.classList.toggle("bar-label", text !== blank);
      symbol.textContent = text;
      share.textContent = text ? p.toFixed(3) : "";
    });
    const [best, p] = top[0];
    const written = spec.labels.slice(0, u).join("");
    const lines = [
      [[`(t=${t}, u=${u})`, "strong"], ` · frame ${t} after “${written}”: the joiner says `, [best, best === blank ? "blank" : "label", "strong"], `, ${p.toFixed(3)}`],
    ];
    if (before && (before.t !== t || before.u !== u)) {
      const [was] = spec.top[before.t][before.u][0];
      const swap =
        before.u === u ? `You swapped f${low(before.t)} for f${low(t)} and kept g${low(u)}` : before.t === t ? `You swapped g${low(before.u)} for g${low(u)} and kept f${low(t)}` : "You swapped both";
      lines.push(`${swap}: the best symbol ${was === best ? `stays ${best}` : `was ${was} and is now ${best}`}.`);
    }
    stage.say(lines, { spoken });
  }

  stage.reserve(2);
  stage.hint("→ and ← swap f, ↑ and ↓ swap g; or click a node.");
  const swapF = stage.slider("f of frame", { min: 0, max: stage.T - 1, value: spec.node[0], text: (t) => `t = ${t}` }, (t) => go(t, at.u));
  const swapG = stage.slider("g after", { min: 0, max: stage.U, value: spec.node[1], text: (u) => `u = ${u}` }, (u) => go(at.t, u));
  function go(t, u) {
    walk.go(stage.node(t, u));
    choose(t, u);
  }
  function choose(t, u) {
    swapF.set(t);
    swapG.set(u);
    show(t, u, true);
  }
  const walk = stage.walkable({
    kinds: ["node"],
    start: stage.node(...spec.node),
    name: ({ t, u }) => `frame ${t}, ${u} labels: ${spec.top[t][u][0].join(" ")}`,
    enter: ({ t, u }, by) => by === "key" && at && (at.t !== t || at.u !== u) && choose(t, u),
    choose: ({ t, u }) => choose(t, u),
  });
  show(...spec.node, false);

  // ---- the memory meter: sizes times sizes, 4 bytes a number

  const block = stage.section("The memory meter: B × T × (U+1) × V");
  const sizes = { B: 1, T: stage.T, U: stage.U, V: spec.V };
  const presets = [
    ["this cut-out", { B: 1, T: stage.T, U: stage.U, V: spec.V }],
    ["a batch of mini", { B: 24, T: 60, U: 40, V: 30 }],
    ["LibriSpeech, letters", { B: 8, T: 400, U: 250, V: 30 }],
    ["LibriSpeech, word pieces", { B: 32, T: 400, U: 80, V: 1024 }],
    ["unstacked", { B: 8, T: 1600, U: 250, V: 30 }],
  ];
  const inputs = h("div", { class: "tools" });
  const fields = {};
  for (const name of ["B", "T", "U", "V"]) {
    fields[name] = stage.number(name, { min: name === "U" ? 0 : 1, max: 100000, step: 1, value: sizes[name] }, (value) => {
      if (!(value >= (name === "U" ? 0 : 1))) return;
      sizes[name] = Math.round(value);
      measure();
    }, inputs);
  }
  const buttons = h("div", { class: "tools" });
  for (const [title, some] of presets) {
    stage.button(title, "", () => {
      Object.assign(sizes, some);
      for (const [name, value] of Object.entries(some)) fields[name].value = value;
      measure();
    }, buttons);
  }
  const outer = h("div", {});
  outer.style.cssText = "position:relative;height:22px;border:1px solid var(--c-outline);border-radius:4px;max-width:620px;overflow:hidden";
  const inner = h("div", {});
  inner.style.cssText = "position:absolute;inset:0 auto 0 0;background:repeating-linear-gradient(45deg,var(--c-heat) 0 8px,var(--c-label) 8px 9px)";
  outer.append(inner);
  const words = h("div", { "aria-live": "polite" });
  words.style.minHeight = "3em";
  block.append(buttons, inputs, outer, words);
  const GIB = 2 ** 30;
  const size = (bytes) => (bytes >= GIB ? `${(bytes / GIB).toFixed(bytes < 10 * GIB ? 1 : 0)} GiB` : bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`);
  function measure() {
    const { B, T, U, V } = sizes;
    const numbers = B * T * (U + 1) * V;
    const bytes = 4 * numbers;
    const full = (2 * bytes) / (16 * GIB);
    inner.style.width = `${Math.min(100, 100 * full).toFixed(2)}%`;
    const room = full > 1 ? "does not fit" : `takes ${(100 * full).toFixed(full < 0.1 ? 2 : 0)} %`;
    words.replaceChildren(
      h("div", {}, `${B} × ${T} × ${U + 1} × ${V} = ${numbers.toLocaleString("en")} scores, ${size(bytes)} in float32, and their gradient as many again.`),
      h("div", {}, `Of a 16 GiB graphics card that ${room}; the vectors inside the joiner come on top.`),
    );
  }
  measure();
});
