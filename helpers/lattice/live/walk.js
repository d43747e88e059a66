// Walk your own alignment: the path is the reader's, the factors are the arcs', the product is written out.

const WAY = { blank: "b", label: "l" };

function spelled(stage, path) {
  let u = 0;
  const words = [...path].map((step) => (step === "b" ? "∅" : stage.spec.symbols[u++] || "“”"));
  return words.join(words.every((word) => [...word].length === 1) ? "" : " ");
}

register("walk", (stage) => {
  const { spec, fmt } = stage;
  const [T, U] = [stage.T, stage.U];
  let path = "";
  let walker = null;
  const found = new Map(); // path -> log-probability
  stage.crop(spec.crop);
  stage.hide("halo-0", true);
  stage.reserve(4);
  stage.hint("Build a path from (0, 0) to the dot: click an arc, or press b (blank), l (label), Backspace.");
  const trail = stage.trail("path");
  const options = { b: stage.marker("next"), l: stage.marker("next") };
  const here = stage.marker("found");

  const blank = stage.button("∅ b", "append a blank (key b)", () => step("b"));
  const label = stage.button("label l", "append a label (key l)", () => step("l"));
  const back = stage.button("back", "remove the last step (Backspace)", () => set(path.slice(0, -1)));
  const clear = stage.button("clear", "start again", () => set(""));
  const copy = stage.button("copy path", "copy the path as a line of Python", async () => {
    if (!complete()) return show([["Only a whole path can be copied: walk on to the dot.", "soft"]]);
    const line = `path = "${path}"`;
    const done = await stage.copy(line);
    stage.speak(done ? `copied ${line}` : line);
    stage.hint(done ? `Copied: ${line}` : `This page may not copy. Select it yourself: ${line}`);
  });
  const list = stage.section("");
  list.hidden = true;

  const at = () => [[...path].filter((s) => s === "b").length, [...path].filter((s) => s === "l").length];
  const complete = () => at()[0] === T;

  function arcsOf(steps) {
    let [t, u] = [0, 0];
    return [...steps].map((s) => (s === "b" ? stage.blank(t++, u) : stage.label(t, u++)));
  }
  const logOf = (arc) => (arc.kind === "blank" ? spec.blank[arc.t][arc.u] : spec.label[arc.t][arc.u]);

  function next(s) {
    if (complete()) return null;
    const [t, u] = at();
    return s === "b" ? stage.blank(t, u) : stage.label(t, u);
  }

  function step(s) {
    if (next(s)) set(path + s);
    else {
      const [t, u] = at();
      const why = complete() ? "The path has arrived." : s === "l" ? "All labels are out: only blanks are left." : `In the last frame a blank ends the path, and ${U - u} ${U - u === 1 ? "label is" : "labels are"} still to come.`;
      show([[why, "soft"]]);
    }
  }

  function set(to) {
    path = to;
    trail.show(path);
    const [t, u] = at();
    const head = complete() ? stage.final() : stage.node(t, u);
    here.at(head);
    walker?.go(head);
    options.b.at(next("b"));
    options.l.at(next("l"));
    stage.enable(blank, next("b"));
    stage.enable(label, next("l"));
    stage.enable(back, path);
    stage.enable(clear, path);
    stage.enable(copy, complete());
    show(null);
  }

  function show(extra) {
    const arcs = arcsOf(path);
    const total = arcs.reduce((sum, arc) => sum + logOf(arc), 0);
    const lines = [];
    if (!path) {
      lines.push("The empty path: nothing read, nothing written, probability 1.");
      lines.push(`There are ${spec.many.toLocaleString("en")} alignments. How good is yours?`);
      if (extra) lines.push(extra);
      stage.say(lines);
      return;
    }
    lines.push([["path ", "soft"], [`"${path}"`, "mono"], [" writes ", "soft"], [spelled(stage, path), "strong"]]);
    const shown = arcs.length > 26 ? arcs.slice(-26) : arcs;
    const product = shown.flatMap((arc, i) => [i ? " × " : "", [fmt.probability(logOf(arc)), arc.kind]]);
    lines.push([arcs.length > 26 ? "… × " : "", ...product, " = ", [fmt.three(total), "strong"]]);
    if (complete()) {
      const before = found.has(path);
      found.set(path, total);
      const parts = [[fmt.three(total), "strong"]];
      if (spec.log_p !== null) parts.push(" is ", [fmt.percent(total - spec.log_p), "strong"], ` of P(y|x) = ${fmt.three(spec.log_p)}`);
      if (spec.ranking) {
        const rank = 1 + spec.ranking.filter((one) => one > total + 2e-6).length;
        parts.push("; rank ", [rank.toLocaleString("en"), "strong"], ` of ${spec.many.toLocaleString("en")}`);
        if (rank === 1) parts.push([" ✓ the best there is", "right"]);
      }
      lines.push(parts);
      const sum = [...found.values()].reduce(logAdd, -Infinity);
      const together = spec.log_p === null ? "" : `; together ${fmt.percent(sum - spec.log_p)} of P(y|x)`;
      lines.push(extra ?? [[`${found.size} of ${spec.many.toLocaleString("en")} found${together}${before ? "" : ", this one is new"}.`, "soft"]]);
      table();
    } else if (extra) lines.push(extra);
    else {
      const [t, u] = at();
      const frames = T - t;
      lines.push([[`${frames} ${frames === 1 ? "blank" : "blanks"} and ${U - u} ${U - u === 1 ? "label" : "labels"} to go.`, "soft"]]);
    }
    stage.say(lines, { spoken: true });
  }

  function table() {
    const best = [...found].sort((a, b) => b[1] - a[1]).slice(0, 6);
    list.hidden = false;
    list.replaceChildren(
      h("div", { class: "soft" }, "your best so far"),
      h("div", { class: "group" }, ...best.map(([one, value]) =>
        h("button", { type: "button", class: "mono", "aria-label": `show ${one}`, on: { click: () => set(one) } },
          `${spelled(stage, one)} ${spec.log_p === null ? fmt.three(value) : fmt.percent(value - spec.log_p)}`))),
    );
  }

  walker = stage.walkable({
    kinds: ["node", "blank", "label", "final"],
    arcs: true,
    name(p) {
      if (p.kind === "final") return "the end";
      if (p.kind === "node") return `node t=${p.t}, u=${p.u}`;
      const what = p.kind === "blank" ? "blank" : `label ${spec.symbols[p.u]}`;
      return `${what} from ${p.t}, ${p.u}, probability ${fmt.three(logOf(p))}`;
    },
    choose(p) {
      // The arc that goes on, the node that it leads to, or anything on the path: cut back to there.
      const arcs = arcsOf(path);
      const on = ["b", "l"].find((s) => next(s) && (next(s) === p || stage.after(next(s)) === p));
      if (on) return step(on);
      const cut = p.kind === "node" && p.t === 0 && p.u === 0 ? 0 : 1 + arcs.findIndex((arc) => arc === p || stage.after(arc) === p);
      if (cut || (p.t === 0 && p.u === 0 && p.kind === "node")) return set(path.slice(0, cut));
      show([["This does not continue the path: take one of the two dotted ways.", "soft"]]);
    },
    keys: { b: () => step("b"), l: () => step("l"), Backspace: () => set(path.slice(0, -1)) },
  });
  set("");
});
