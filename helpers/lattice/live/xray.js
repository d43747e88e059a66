// X-ray of your code: the steps of the learner's own function, in its own order, with the line that took each.

register("xray", (stage) => {
  const { spec, fmt } = stage;
  const { steps, early } = spec;
  const array = spec.exercise === "backward" ? "log_beta" : "log_alpha";
  const letter = spec.exercise === "backward" ? "β" : "α";
  const table = spec[array];
  const at = (t, u) => `[${t}, ${u}]`;
  const write = pool("write");
  const read = pool("read");
  const onBlank = pool("from-blank");
  const onLabel = pool("from-label");
  const bad = pool("wrong");
  const wrongRing = stage.marker("wrong");

  // The table after each step, as the function saw it then.
  const tables = [spec.start];
  for (const step of steps) {
    const next = tables[tables.length - 1].map((row) => Array.from(row));
    for (const [t, u, value] of step.writes) next[t][u] = value;
    tables.push(next);
  }
  const filledAt = new Map();
  steps.forEach((step, i) => step.writes.forEach(([t, u]) => filledAt.set(`${t}-${u}`, Math.min(i, filledAt.get(`${t}-${u}`) ?? i))));
  const fillings = steps.filter((step) => step.writes.length).length;
  // Where the truth is published Python knows it; elsewhere each cell is compared with its own two neighbours.
  const wrong = spec.judged ? spec.wrong : firstWrong();
  if (!spec.judged) spec.said.push(wrong ? wrong.sentence : "Every cell follows from its neighbours.");
  if (spec.wrong) stage.hide(`ring-${spec.wrong.node.join("-")}`, true);
  const wrongFrom = wrong ? (wrong.step ?? steps.length - 1) : Infinity;

  stage.reserve(4);
  const code = codeBlock();
  let now = steps.length;

  if (!steps.length) {
    stage.hint("Walk over the table to see each number.");
    if (wrong) wrongRing.at(stage.node(...wrong.node));
    stage.say(outcome());
  } else {
    stage.crop(spec.crop);
    stage.hint("Your own steps, in your own order. Play them, or drag the slider. Walk over the nodes to see what stands there.");
    const player = stage.player(steps.length + 1, show, {
      label: "step",
      pace: 700,
      text: (i) => (i === 0 ? "start" : steps[i - 1].writes.length ? `${i} of ${fillings}` : "the cost"),
    });
    if (early) stage.button("first look at an empty cell", "go to the step that reads before it is filled", () => player.go(early.step + 1));
    if (wrong && wrong.step !== null) stage.button("first wrong cell", "go to the step that writes the wrong number", () => player.go(wrong.step + 1));
    player.go(0);
  }

  stage.walkable({
    kinds: ["node"],
    name: (p) => `${array} ${at(p.t, p.u)}: ${known(p.t, p.u) ? fmt.logarithm(tables[now]?.[p.t][p.u] ?? table[p.t][p.u], 3) : "not filled yet"}`,
    enter: (p, by) => look(p, by === "key"),
  });

  function pool(kind) {
    const made = [];
    return (places) => {
      places.forEach((place, i) => {
        if (!made[i]) made.push(stage.marker(kind));
        made[i].at(place);
      });
      made.slice(places.length).forEach((one) => one.off());
    };
  }

  function known(t, u) {
    const first = filledAt.get(`${t}-${u}`);
    return !steps.length || (first !== undefined && first < now);
  }

  function show(i) {
    now = i;
    const values = tables[i];
    for (const p of stage.nodes()) {
      const there = known(p.t, p.u);
      // What stands in a cell before the function fills it shows in grey, without heat.
      stage.setText(`value-${p.t}-${p.u}`, Number.isNaN(values[p.t][p.u]) && !there ? "·" : fmt.logarithm(values[p.t][p.u]));
      stage.el(`value-${p.t}-${p.u}`)?.style.setProperty("opacity", there ? "1" : "0.6", "important");
      stage.setLevel(p, there ? spec.levels[p.t][p.u] : null);
    }
    wrongRing.at(i > wrongFrom ? stage.node(...wrong.node) : null);
    const step = i ? steps[i - 1] : null;
    const reads = step ? step.reads.map(([t, u]) => stage.node(t, u)) : [];
    const empty = step ? step.reads.filter((one) => one[3] === "early").map(([t, u]) => stage.node(t, u)) : [];
    write(step ? step.writes.map(([t, u]) => stage.node(t, u)) : []);
    read(reads);
    bad(empty);
    const arcs = step ? step.arcs : [];
    onBlank(arcs.filter((arc) => arc[0] === "b").map(([, t, u]) => stage.blank(t, u)).filter(Boolean));
    onLabel(arcs.filter((arc) => arc[0] === "l").map(([, t, u]) => stage.label(t, u)).filter(Boolean));
    code.mark(step ? step.line : null);
    stage.say(step ? told(step, i) : outcome(), { spoken: true });
  }

  function firstWrong() {
    const back = spec.exercise === "backward";
    const finished = new Map();
    const writer = new Map();
    steps.forEach((step, i) => {
      for (const [t, u] of step.writes) {
        finished.set(`${t}-${u}`, i);
        writer.set(`${t}-${u}`, i);
      }
      for (const [t, u, , state] of step.reads) if (state === "never" && !finished.has(`${t}-${u}`)) finished.set(`${t}-${u}`, i - 0.5);
    });
    const when = (p) => finished.get(`${p.t}-${p.u}`) ?? steps.length;
    const nodes = stage.nodes().sort((p, q) => when(p) - when(q) || (back ? -1 : 1) * (p.t + p.u - q.t - q.u) || p.u - q.u);
    for (const p of nodes) {
      const terms = comingIn(p, back);
      const should = terms.reduce((sum, v) => logAdd(sum, v), -Infinity);
      const yours = table[p.t][p.u];
      if (!differ(yours, should)) continue;
      const digits = [3, 5, 8].find((n) => fmt.logarithm(yours, n) !== fmt.logarithm(should, n)) ?? 12;
      const [mine, right, ...parts] = [yours, should, ...terms].map((v) => fmt.logarithm(v, digits));
      const sum = parts.length > 1 ? `logaddexp(${parts.join(", ")}) = ${right}` : right;
      const step = writer.get(`${p.t}-${p.u}`) ?? null;
      const verb = step === null ? "Your code leaves" : "You wrote";
      const sentence = `The first wrong cell is ${array}${at(p.t, p.u)}. ${verb} ${mine}; from your neighbours it would be ${sum}.`;
      return { node: [p.t, p.u], step, sentence };
    }
    return null;
  }

  // The terms whose log-sum a cell is, from the learner's own table.
  function comingIn(p, back) {
    const { T, U } = stage;
    if (back) {
      if (p.t === T - 1 && p.u === U) return [spec.blank[p.t][p.u]];
      const terms = [];
      if (p.t < T - 1) terms.push(spec.blank[p.t][p.u] + table[p.t + 1][p.u]);
      if (p.u < U) terms.push(spec.label[p.t][p.u] + table[p.t][p.u + 1]);
      return terms;
    }
    if (p.t === 0 && p.u === 0) return [0];
    const terms = [];
    if (p.t > 0) terms.push(table[p.t - 1][p.u] + spec.blank[p.t - 1][p.u]);
    if (p.u > 0) terms.push(table[p.t][p.u - 1] + spec.label[p.t][p.u - 1]);
    return terms;
  }

  function outcome() {
    const fine = ["Every cell is right.", "Every cell follows from its neighbours."];
    return spec.said.map((text, i) => (i === 0 && steps.length ? text : [[text, fine.includes(text) ? "right" : text === spec.said[0] ? "soft" : "wrong"]]));
  }

  function told(step, i) {
    const lines = [];
    const writes = step.writes.map(([t, u, value]) => `${at(t, u)} = ${fmt.logarithm(value, 3)}`);
    lines.push([
      writes.length ? [`Step ${i} writes `, "soft"] : ["At last, for the cost", "soft"],
      [writes.length > 3 ? `${writes.length} cells at once: ${writes[0]}, …` : writes.join(", "), "strong"],
    ]);
    const looked = step.reads.slice(0, 6).map(([t, u, value = tables[i - 1][t][u], state = "ready"]) => [
      `${at(t, u)} = ${fmt.logarithm(value, 3)}${state === "early" ? " (not filled yet)" : state === "never" ? " (never filled)" : ""}  `,
      state === "ready" ? "strong" : "wrong",
    ]);
    if (looked.length) lines.push([["reads ", "soft"], ...looked, step.reads.length > 6 ? "…" : ""]);
    const arcs = step.arcs.slice(0, 4).map(([kind, t, u, k]) => {
      if (kind === "b") return [`∅ at ${at(t, u)}  `, "blank"];
      if (kind === "l") return [`${spec.symbols[u]} at ${at(t, u)}  `, "label"];
      return [`${spec.classes[k]} at ${at(t, u)}, where no arc emits it  `, "wrong"];
    });
    if (arcs.length) lines.push([["scores ", "soft"], ...arcs, step.arcs.length > 4 ? "…" : ""]);
    if (wrong && wrong.step === i - 1) lines.push([[wrong.sentence, "wrong"]]);
    return lines;
  }

  function look(p, spoken) {
    if (!known(p.t, p.u)) {
      stage.say([[[`${array}${at(p.t, p.u)}`, "strong"], " is not filled yet."]], { spoken });
      return;
    }
    const value = (tables[now] ?? table)[p.t][p.u];
    const lines = [[[`${array}${at(p.t, p.u)} = ${fmt.logarithm(value, 3)}`, "strong"], `, so ${letter} = ${fmt.probability(value, 2)}`]];
    const first = filledAt.get(`${p.t}-${p.u}`);
    if (first !== undefined) lines.push([[`filled in step ${first + 1}`, "soft"]]);
    if (wrong && now > wrongFrom && wrong.node[0] === p.t && wrong.node[1] === p.u) lines.push([[wrong.sentence, "wrong"]]);
    stage.say(lines, { spoken });
  }

  function codeBlock() {
    if (!spec.source.length || steps.every((step) => step.line === null)) return { mark() {} };
    const lines = new Map();
    for (const [i, text] of spec.source) {
      const indent = text.search(/\S|$/);
      // A line that is too long goes on below itself, two steps further in.
      const style = `padding:0 6px 0 ${indent + 3}ch;text-indent:-2ch;border-left:4px solid transparent;overflow-wrap:anywhere`;
      lines.set(i, h("div", { class: "mono", style }, text.trim() || " "));
    }
    // Beside the drawing where there is room, else under it.
    const box = h("div", { role: "group", "aria-label": "your code", style: "flex:1 1 360px;min-width:0;max-height:330px;overflow:auto;line-height:1.45;padding-top:22px" }, ...lines.values());
    const drawing = stage.svg.parentElement;
    drawing.style.cssText = "display:flex;flex-wrap:wrap;gap:8px 12px;align-items:flex-start";
    drawing.append(box);
    let shown = null;
    return {
      mark(line) {
        if (shown) {
          shown.style.borderLeftColor = "transparent";
          shown.style.background = "";
          shown.classList.remove("strong");
          shown.removeAttribute("aria-current");
        }
        shown = line === null ? null : (lines.get(line) ?? null);
        if (!shown) return;
        shown.style.borderLeftColor = "var(--c-halo-0)";
        shown.style.background = "color-mix(in srgb, var(--c-halo-0) 16%, transparent)";
        shown.classList.add("strong");
        shown.setAttribute("aria-current", "step");
        // Only this box scrolls; scrollIntoView would move the page.
        if (shown.offsetTop < box.scrollTop || shown.offsetTop > box.scrollTop + box.clientHeight - 30)
          box.scrollTop = shown.offsetTop - box.clientHeight / 2;
      },
    };
  }
});
