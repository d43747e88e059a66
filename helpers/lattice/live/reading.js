// The views that need no tools: point at a node or an arc and read where its number comes from.

function symbolText(symbol) {
  return symbol === "" ? "“”" : symbol.replaceAll(" ", "␣");
}

function written(spec, u) {
  const done = spec.symbols.slice(0, u).map(symbolText);
  if (!u) return "nothing";
  const text = done.join(done.every((one) => [...one].length === 1) ? "" : " ");
  return `“${text.length > 40 ? "…" + text.slice(-39) : text}”`;
}

function headline(spec, p) {
  const read = `${p.t} ${p.t === 1 ? "frame" : "frames"} read, ${written(spec, p.u)} written`;
  return [[`(t=${p.t}, u=${p.u})`, "strong"], ` · ${read}`];
}

function arcHeadline(stage, p) {
  const to = stage.after(p);
  const where = to.kind === "final" ? "the end" : `(${to.t}, ${to.u})`;
  const what = p.kind === "blank" ? ["blank ∅", "blank", "strong"] : [`label ${symbolText(stage.spec.symbols[p.u])}`, "label", "strong"];
  return [what, ` from (${p.t}, ${p.u}) to ${where}`];
}

function arcLog(spec, p) {
  return p.kind === "blank" ? spec.blank[p.t][p.u] : spec.label[p.t][p.u];
}

function arcName(spec, p) {
  return p.kind === "blank" ? `P(∅|${p.t},${p.u})` : `P(${symbolText(spec.symbols[p.u])}|${p.t},${p.u})`;
}

// The arcs whose numbers a node is made of: into it for α, out of it for β. As [arc, the node at its other end].
function sources(stage, p, direction) {
  const arcs = direction < 0
    ? [stage.node(p.t - 1, p.u, p.panel) && stage.blank(p.t - 1, p.u, p.panel), stage.node(p.t, p.u - 1, p.panel) && stage.label(p.t, p.u - 1, p.panel)]
    : [stage.blank(p.t, p.u, p.panel), stage.label(p.t, p.u, p.panel)];
  return arcs
    .filter(Boolean)
    .map((arc) => [arc, direction < 0 ? stage.node(arc.t, arc.u, arc.panel) : stage.after(arc)]);
}

// What the recurrence gives at a node from the neighbours in the same array.
function fromNeighbours(stage, array, p, direction) {
  if (direction < 0 && p.t === 0 && p.u === 0) return 0;
  return sources(stage, p, direction)
    .map(([arc, other]) => arcLog(stage.spec, arc) + (other.kind === "final" ? 0 : array[other.t][other.u]))
    .reduce(logAdd, -Infinity);
}

function recurrence(stage, array, p, direction, sign) {
  const { spec, fmt } = stage;
  const value = array[p.t][p.u];
  const due = fromNeighbours(stage, array, p, direction);
  const wrong = differ(value, due);
  const [mine, right] = wrong ? fmt.apart(value, due) : [fmt.three(value), fmt.three(value)];
  const line = [`${sign}(${p.t},${p.u}) = `];
  if (direction < 0 && p.t === 0 && p.u === 0) line.push("1, since every alignment starts here");
  sources(stage, p, direction).forEach(([arc, other], i) => {
    const role = arc.kind;
    if (i) line.push(" + ");
    const factor = fmt.three(arcLog(spec, arc));
    if (other.kind === "final") line.push([`${arcName(spec, arc)}`, role], ", the terminal blank");
    else {
      const term = `${sign}(${other.t},${other.u})·${arcName(spec, arc)}`;
      const flipped = `${arcName(spec, arc)}·${sign}(${other.t},${other.u})`;
      const number = fmt.three(array[other.t][other.u]);
      line.push([direction < 0 ? `${term} = ${number}×${factor}` : `${flipped} = ${factor}×${number}`, role]);
    }
  });
  line.push(" = ", [right, "strong"]);
  const verdict = wrong
    ? [[`${right} is not your array's ${mine}`, "wrong"], `: this node does not follow from its neighbours.`]
    : [["✓ ", "right"], `your array holds ${mine}; ln ${sign} = ${fmt.logarithm(value, 3)}`];
  return [line, verdict];
}

function reader(stage, { node, arc, around = 0, name, start }) {
  const fromBlank = stage.marker("from-blank");
  const fromLabel = stage.marker("from-label");
  const ends = [stage.marker("read"), stage.marker("read")];
  return stage.walkable({
    start,
    name,
    enter(p, by) {
      if (p.kind === "node") {
        const used = around && !stage.isMap ? sources(stage, p, around) : []; // in a map the lens shows them
        fromBlank.at(used.find(([one]) => one.kind === "blank")?.[0] ?? null);
        fromLabel.at(used.find(([one]) => one.kind === "label")?.[0] ?? null);
        ends.forEach((one, i) => one.at(used[i]?.[1] ?? null));
        stage.say(node(p), { spoken: by !== "pointer" });
      } else {
        fromBlank.off();
        fromLabel.off();
        ends.forEach((one) => one.off());
        stage.say(arc ? arc(p) : [arcHeadline(stage, p)], { spoken: by !== "pointer" });
      }
    },
  });
}

function invite(stage) {
  stage.hint(`Point at ${stage.isMap ? "the map" : "a node or an arc"}, or walk with the arrow keys.`);
}

function arcLines(stage) {
  const { spec, fmt } = stage;
  return (p) => [arcHeadline(stage, p), [`${arcName(spec, p)} = `, [fmt.three(arcLog(spec, p)), "strong"], ` = e^${fmt.logarithm(arcLog(spec, p), 3)}`]];
}

function scores(spec, fmt, blank, label) {
  return {
    node: (t, u) => `${t},${u}`,
    blank: blank ?? ((t, u) => fmt.probability(spec.blank[t][u])),
    label: label ?? ((t, u) => fmt.probability(spec.label[t][u])),
  };
}

function waysIn(p) {
  let ways = 1;
  for (let i = 1; i <= p.u; i++) ways = (ways * (p.t + i)) / i;
  return ways < 1e15 ? Math.round(ways).toLocaleString("en") : ways.toExponential(1).replace("e+", "e");
}

register("trellis", (stage) => {
  stage.reserve(2);
  invite(stage);
  reader(stage, {
    around: -1,
    name: (p) => `t=${p.t}, u=${p.u}, ${written(stage.spec, p.u)} written`,
    node: (p) => [headline(stage.spec, p), [[waysIn(p), "strong"], waysIn(p) === "1" ? " way leads here." : " ways lead here, each of them a row of blanks and labels."]],
  });
  stage.say(["A step to the right is a blank ∅, a step up is the next label."]);
});

for (const view of ["arcs", "best_path"]) {
  register(view, (stage) => {
    const { spec, fmt } = stage;
    stage.reserve(2);
    invite(stage);
    if (stage.isMap) stage.lens(scores(spec, fmt));
    reader(stage, {
      around: 1,
      name: (p) => `t=${p.t}, u=${p.u}`,
      arc: arcLines(stage),
      node(p) {
        const out = sources(stage, p, 1).map(([arc]) => arc);
        const line = out.flatMap((arc) => [[`${arcName(spec, arc)} = ${fmt.three(arcLog(spec, arc))}`, arc.kind], " · "]);
        const rest = 1 - out.reduce((sum, arc) => sum + Math.exp(arcLog(spec, arc)), 0);
        if (out.length === 2 && rest > 5e-4) line.push([`the rest, ${fmt.three(Math.log(rest))}, is for wrong labels`, "soft"]);
        return [headline(spec, p), line.length ? line : ["No arc of this transcript leaves here."]];
      },
    });
    stage.say(["Right: the probability of the blank. Up: that of the next label."]);
  });
}

for (const [view, key, sign, direction] of [["alpha", "log_alpha", "α", -1], ["beta", "log_beta", "β", 1]]) {
  register(view, (stage) => {
    const { spec, fmt } = stage;
    const array = spec[key];
    invite(stage);
    if (stage.isMap) stage.lens({ ...scores(spec, fmt), node: (t, u) => fmt.probability(array[t][u]) });
    const wrong = stage.nodes().filter((p) => differ(array[p.t][p.u], fromNeighbours(stage, array, p, direction)));
    if (stage.isMap) stage.tint(wrong);
    else for (const p of wrong) stage.marker("wrong").at(p);
    reader(stage, {
      around: direction,
      start: wrong[0],
      name: (p) => `${sign} at t=${p.t}, u=${p.u}: ${fmt.three(array[p.t][p.u])}`,
      arc: arcLines(stage),
      node: (p) => [headline(spec, p), ...recurrence(stage, array, p, direction, sign)],
    });
    const many = wrong.length === 1 ? "1 node does" : `${wrong.length} nodes do`;
    if (wrong.length) stage.say([[[`${many} not follow from the neighbours`, "wrong"], `: ${stage.isMap ? "they are red" : "they have a dashed red ring"}.`]]);
    else stage.say([[["✓ ", "right"], "Every node of this array follows from its neighbours. Point at one to see how."]]);
  });
}

register("occupancy", (stage) => {
  const { spec, fmt } = stage;
  const total = spec.log_beta[0][0];
  const share = (v) => fmt.percent(v - total);
  const behind = (arc) => {
    const to = stage.after(arc);
    return to.kind === "final" ? 0 : spec.log_beta[to.t][to.u];
  };
  const through = (arc) => spec.log_alpha[arc.t][arc.u] + arcLog(spec, arc) + behind(arc);
  invite(stage);
  if (stage.isMap) {
    const arcShare = (make) => (t, u) => fmt.probability(through(make(t, u)) - total);
    stage.lens({
      node: (t, u) => fmt.probability(spec.log_alpha[t][u] + spec.log_beta[t][u] - total),
      blank: arcShare(stage.blank),
      label: arcShare(stage.label),
    });
  }
  reader(stage, {
    around: 1,
    name: (p) => `occupancy at t=${p.t}, u=${p.u}: ${share(spec.log_alpha[p.t][p.u] + spec.log_beta[p.t][p.u])}`,
    node(p) {
      const [a, b] = [spec.log_alpha[p.t][p.u], spec.log_beta[p.t][p.u]];
      const sum = sources(stage, p, 1).flatMap(([arc], i) => [i ? " + " : "", [share(through(arc)), arc.kind]]);
      return [
        headline(spec, p),
        [`α·β / P = ${fmt.three(a)}×${fmt.three(b)} / ${fmt.three(total)} = `, [share(a + b), "strong"], " of P(y|x) passes here"],
        ["it leaves by ", ...sum],
      ];
    },
    arc: (p) => [
      arcHeadline(stage, p),
      [
        `α(${p.t},${p.u})·${arcName(spec, p)}·β / P = ${fmt.three(spec.log_alpha[p.t][p.u])}×${fmt.three(arcLog(spec, p))}×${fmt.three(behind(p))} / ${fmt.three(total)} = `,
        [share(through(p)), "strong"],
        " of P(y|x) takes this arc",
      ],
    ],
  });
  stage.say(["How much of P(y|x) passes through a node or takes an arc."]);
});

register("compare", (stage) => {
  const { spec, fmt } = stage;
  const twin = stage.marker("next");
  const name = spec.name;
  stage.reserve(2);
  stage.hint("Point at a node of either panel: its twin is marked, and both numbers are below.");
  stage.walkable({
    kinds: ["node"],
    start: spec.wrong ? stage.node(...spec.wrong, "yours-") : stage.node(0, 0, "yours-"),
    name: (p) => `${name} at t=${p.t}, u=${p.u}: yours ${fmt.logarithm(spec.yours[p.t][p.u], 3)}, expected ${fmt.logarithm(spec.expected[p.t][p.u], 3)}`,
    enter(p, by) {
      twin.at(stage.node(p.t, p.u, p.panel === "yours-" ? "expected-" : "yours-"));
      const [mine, due] = [spec.yours[p.t][p.u], spec.expected[p.t][p.u]];
      const wrong = differ(mine, due);
      const digits = [4, 6, 9].find((n) => fmt.logarithm(mine, n) !== fmt.logarithm(due, n)) ?? 4;
      stage.say(
        [
          headline(spec, p),
          [
            `${name}[${p.t}, ${p.u}]: yours `,
            [fmt.logarithm(mine, digits), wrong ? "wrong" : "right"],
            `, expected ${fmt.logarithm(due, digits)}`,
            wrong && Number.isFinite(mine) && Number.isFinite(due) ? `; off by ${fmt.logarithm(mine - due, digits)}` : "",
          ],
        ],
        { spoken: by !== "pointer" },
      );
    },
  });
  stage.say(["Pick a node to see both numbers."]);
});
