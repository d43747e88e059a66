// Cut the lattice: pull a line through it and see alpha times beta summed along it.

register("cut", (stage) => {
  const { spec, fmt, T, U } = stage;
  const total = spec.log_beta[0][0];
  const product = (p) => spec.log_alpha[p.t][p.u] + spec.log_beta[p.t][p.u];
  let kind = "diagonal";
  let at = spec.at;
  stage.crop(spec.crop);
  stage.hide("cut", true);
  stage.reserve(4);
  stage.hint("Pull the cut over the lattice, or move it with the slider or the arrow keys; d and c switch its direction.");
  const line = stage.cut();
  if (stage.isMap) stage.lens({ node: (t, u) => fmt.probability(product(stage.node(t, u))) });

  function members(k, n) {
    const nodes = [];
    if (k === "column") for (let u = 0; u <= U; u++) nodes.push(stage.node(n, u));
    else for (let t = Math.max(0, n - U); t <= Math.min(T - 1, n); t++) nodes.push(stage.node(t, n - t));
    return nodes;
  }
  const sum = (nodes) => nodes.map(product).reduce(logAdd, -Infinity);
  const most = () => (kind === "column" ? T - 1 : T + U - 1);

  // The labels expected in a frame: the shares of its label arcs, from the same arrays.
  function labels(t) {
    let all = -Infinity;
    for (let u = 0; u < U; u++) all = logAdd(all, spec.log_alpha[t][u] + spec.label[t][u] + spec.log_beta[t][u + 1]);
    return all - total;
  }

  const wrong = [];
  for (let n = 0; n < T + U; n++) if (differ(sum(members("diagonal", n)), total)) wrong.push(n);

  const choice = stage.choice("cut", [["diagonal", "anti-diagonal"], ["column", "column"]], kind, (one) => turn(one));
  const slider = stage.slider("at", { min: 0, max: most(), value: at, text: (n) => (kind === "column" ? `t = ${n}` : `t + u = ${n}`) }, (n) => move(n));
  stage.button("−1", "one cut back", () => move(at - 1));
  stage.button("+1", "one cut on", () => move(at + 1));

  function turn(one) {
    if (one === kind) return;
    kind = one;
    choice.set(kind);
    slider.max = most();
    move(kind === "column" ? Math.min(at, T - 1) : at);
  }

  function move(n, spoken = true) {
    at = Math.min(Math.max(n, 0), most());
    slider.set(at);
    const nodes = members(kind, at);
    line.through(nodes, kind);
    const value = sum(nodes);
    const terms = nodes.map((p) => [product(p), p]).sort((a, b) => b[0] - a[0]);
    const shown = terms.slice(0, 7).flatMap(([v, p], i) => [i ? " + " : "", fmt.three(v)]);
    if (terms.length > 7) shown.push([` + ${terms.length - 7} smaller`, "soft"]);
    const name = kind === "column" ? `t = ${at}` : `t + u = ${at}`;
    const lines = [[["Σ α·β over ", "soft"], [name, "strong"], ` = `, ...shown]];
    if (kind === "diagonal") {
      const bad = differ(value, total);
      const [mine, due] = bad ? fmt.apart(value, total) : [fmt.three(value), fmt.three(total)];
      lines.push(
        bad
          ? [[`= ${mine} is not P(y|x) = β(0,0) = ${due}`, "wrong"], ", so α or β is wrong somewhere on this cut."]
          : [`= `, [mine, "strong"], ` = P(y|x) `, ["✓", "right"], "  every path crosses this cut exactly once"],
      );
      if (wrong.length) lines.push([[`${wrong.length} of ${T + U} anti-diagonals miss P(y|x), the first is t + u = ${wrong[0]}.`, "wrong"]]);
      else lines.push([[`So do all ${T + U} anti-diagonals.`, "soft"]]);
    } else {
      const expected = labels(at);
      const due = logAdd(0, expected) + total;
      const bad = differ(value, due);
      lines.push([
        "= ",
        [fmt.three(value), "strong"],
        " = ",
        [fmt.three(value - total), "strong"],
        ` × P(y|x); labels expected in frame ${at}: `,
        [fmt.three(expected), "label", "strong"],
      ]);
      lines.push(
        bad
          ? [[`1 + ${fmt.three(expected)} is not ${fmt.three(value - total)}`, "wrong"], ": α or β is wrong in this column."]
          : [["1 + ", "soft"], [fmt.three(expected), "label"], ` = ${fmt.three(value - total)} `, ["✓", "right"], "  a path meets the column once, and once more after each label here"],
      );
    }
    stage.say(lines, { spoken });
  }

  stage.walkable({
    kinds: ["node"],
    start: members(kind, at)[0],
    name: (p) => `t=${p.t}, u=${p.u}: α times β is ${fmt.three(product(p))}`,
    enter(p, by) {
      if (by === "key") move(kind === "column" ? p.t : p.t + p.u);
    },
    drag: (p) => move(kind === "column" ? p.t : p.t + p.u, false),
    choose: (p) => move(kind === "column" ? p.t : p.t + p.u),
    keys: { d: () => turn("diagonal"), c: () => turn("column") },
  });
  move(wrong.length ? wrong[0] : at, false);
});
