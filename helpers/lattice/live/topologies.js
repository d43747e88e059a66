// Three lattices over the same scores; choose the word, the number of frames, and an alignment in each.
// spec.cases["CAT-4"].items are primitives as short lists, see topologies.py.

register("topologies", (stage) => {
  const { spec, svg } = stage;
  const kinds = Object.keys(spec.kinds);
  let [word, T] = [spec.word, spec.T];
  const at = Object.fromEntries(kinds.map((kind) => [kind, 0]));
  const group = svgElement("g");
  for (const element of [...svg.querySelectorAll("[data-id]")]) if (!/^key-/.test(element.dataset.id)) element.remove();
  svg.append(group);
  const width = Math.max(...Object.values(spec.cases).map((one) => one.width));
  const height = Number(stage.el("key-blank-text").getAttribute("y")) + 14;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  svg.style.setProperty("width", `${width}px`, "important");

  let trails = {};
  const number = (p) => (p === 0 ? "0" : p < 0.01 ? p.toExponential(1).replace("e+", "e") : p.toFixed(3));

  function draw() {
    const one = spec.cases[`${word}-${T}`];
    trails = {};
    group.replaceChildren(
      ...one.items.flatMap((item) => {
        const [kind, look] = item;
        if (kind === "c") return [svgElement("circle", { class: look, cx: item[2], cy: item[3], r: item[4] })];
        if (kind === "t") {
          const text = svgElement("text", { class: look.replace(" at-middle", ""), x: item[2], y: item[3] + 4 });
          text.textContent = item[4];
          if (item[5]) text.style.setProperty("font-size", `${item[5]}px`, "important");
          return [text];
        }
        if (kind === "l") return arrow(item);
        const line = svgElement("polyline", { class: "halo halo-0" });
        trails[look.split("-")[0]] = line;
        return [line];
      }),
    );
    for (const kind of kinds) at[kind] = 0;
    show();
  }

  function arrow([, look, x1, y1, x2, y2]) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
    const [bx, by] = [x2 - 5 * ux, y2 - 5 * uy];
    const corners = [[x2, y2], [bx - 2.4 * uy, by + 2.4 * ux], [bx + 2.4 * uy, by - 2.4 * ux]];
    return [
      svgElement("line", { class: look, x1, y1, x2: bx, y2: by }),
      svgElement("polygon", { class: `${look} head`, points: corners.map((corner) => corner.join(",")).join(" ") }),
    ];
  }

  function show(spoken = false) {
    const one = spec.cases[`${word}-${T}`];
    const lines = kinds.map((kind) => {
      const { spelled, share, total, points } = one[kind];
      const [title, rule] = spec.kinds[kind];
      const i = at[kind];
      trails[kind].setAttribute("points", points[i] ?? "");
      pickers[kind].back.disabled = i === 0 || !spelled.length;
      pickers[kind].on.disabled = i >= spelled.length - 1;
      if (!spelled.length) return [[title, "strong"], ` (${rule}): `, [`${word} does not fit into ${T} frames`, "wrong"]];
      return [
        [title, "strong"],
        ` (${rule}): ${spelled.length} alignment${spelled.length > 1 ? "s" : ""}, P = ${number(total)}. No. ${i + 1} is `,
        [spelled[i], "mono", "strong"],
        ` with ${number(share[i])}, ${(100 * (share[i] / total)).toFixed(0)} % of P`,
      ];
    });
    stage.say(lines, { spoken });
  }

  stage.reserve(4);
  stage.choice("word", spec.words.map((one) => [one, one]), word, (one) => ((word = one), draw()));
  stage.choice("frames", spec.frames.map((n) => [n, `T = ${n}`]), T, (n) => ((T = n), draw()));
  const pickers = {};
  for (const kind of kinds) {
    const box = h("div", { class: "group", role: "group", "aria-label": `alignment of ${spec.kinds[kind][0]}` }, h("span", {}, spec.kinds[kind][0]));
    stage.root.querySelector(".tools").append(box);
    const move = (by) => {
      const count = spec.cases[`${word}-${T}`][kind].spelled.length;
      at[kind] = Math.min(Math.max(at[kind] + by, 0), Math.max(0, count - 1));
      show(true);
    };
    pickers[kind] = {
      back: stage.button("◀", `${spec.kinds[kind][0]}: the more probable alignment before`, () => move(-1), box),
      on: stage.button("▶", `${spec.kinds[kind][0]}: the next alignment`, () => move(1), box),
    };
  }
  stage.hint("The same scores in all three. Change the number of frames, and step through the alignments, the likeliest first.");
  draw();
});
