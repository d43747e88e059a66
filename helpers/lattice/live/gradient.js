// Occupancy is the gradient: one number for an arc, found in three ways.

register("gradient", (stage) => {
  const { spec, fmt, T, U } = stage;
  const ways = [["tables", "your α and β"], ["autograd", "PyTorch's autograd"], ["push", `a push of ±${spec.step}`]];
  const questions = ["∂ ln P(y|x) / ∂ ln P(arc)", "∂ cost / ∂ logit"];
  stage.crop(spec.crop);
  stage.reserve(3);
  stage.hint("Pick an arc: point at it, or walk with the arrow keys (from node to arc to node).");
  const number = (v) => (Number.isFinite(v) ? v.toFixed(5).replace("-", MINUS).replace(/^−(0\.0+)$/, "$1") : "—");
  const at = (way, p, row) => spec[way][p.kind][p.t][p.u][row];
  const off = (p) => [0, 1].some((row) => Math.abs(at("tables", p, row) - at("autograd", p, row)) > 1e-4);

  const cells = questions.map(() => ways.map(() => h("td", {}, "")));
  const block = stage.section("");
  block.append(
    h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, ""), ...ways.map(([, name]) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...questions.map((name, row) => h("tr", {}, h("th", { scope: "row" }, name), ...cells[row])))),
  );

  const arcs = [];
  for (let t = 0; t < T; t++) for (let u = 0; u <= U; u++) arcs.push(stage.blank(t, u), stage.label(t, u));
  const wrong = arcs.filter((p) => p && off(p));
  for (const p of wrong) stage.marker("wrong").at(p);

  function show(p, by) {
    const k = p.kind === "blank" ? "∅" : spec.symbols[p.u];
    const log = p.kind === "blank" ? spec.blank[p.t][p.u] : spec.label[p.t][p.u];
    const gamma = spec.gamma[p.t][p.u];
    const [share, slope] = [at("tables", p, 0), at("tables", p, 1)];
    questions.forEach((_, row) => ways.forEach(([way], i) => {
      cells[row][i].textContent = number(at(way, p, row));
      cells[row][i].className = i === 0 && Math.abs(at(way, p, row) - at("autograd", p, row)) > 1e-4 ? "wrong" : "";
    }));
    const to = stage.after(p);
    const lines = [
      [[p.kind === "blank" ? "blank ∅" : `label ${k}`, p.kind, "strong"], ` from (${p.t}, ${p.u}) to ${to.kind === "final" ? "the end" : `(${to.t}, ${to.u})`}: occupancy `, [number(share), "strong"]],
      [`γ·P(${k}) − occupancy = ${number(gamma)}×${fmt.three(log)} − ${number(share)} = `, [number(slope), "strong"]],
    ];
    if (off(p)) {
      const row = Math.abs(at("tables", p, 0) - at("autograd", p, 0)) > 1e-4 ? 0 : 1;
      lines.push([[`${number(at("tables", p, row))} from your α and β is not autograd's ${number(at("autograd", p, row))}`, "wrong"]]);
    } else if (Math.abs(slope) < 5e-6) lines.push([["A training step leaves this score as it is.", "soft"]]);
    else lines.push([["A training step ", "soft"], [slope < 0 ? "raises" : "lowers", "strong"], [` this score: the model says ${slope < 0 ? "too little" : "too much"} of it here.`, "soft"]]);
    stage.say(lines, { spoken: by !== "pointer" });
  }

  stage.walkable({
    kinds: ["blank", "label"],
    arcs: true,
    name: (p) => (p.kind === "node" ? `node t=${p.t}, u=${p.u}` : `${p.kind === "blank" ? "blank" : `label ${spec.symbols[p.u]}`} from ${p.t}, ${p.u}: ${number(at("tables", p, 0))}`),
    enter(p, by) {
      if (p.kind !== "node") show(p, by);
      else stage.speak(`node t=${p.t}, u=${p.u}`);
    },
  });
  const first = wrong[0] ?? stage.label(0, 0) ?? stage.blank(0, 0);
  show(first, "pointer");
  if (wrong.length) {
    const many = wrong.length === 1 ? "1 arc has" : `${wrong.length} arcs have`;
    stage.hint(`${many} another gradient than your arrays say (dashed red). Pick an arc: point at it, or walk with the arrow keys.`);
  }
});
