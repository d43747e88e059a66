// Predict, then fill: before a cell shows its number, the learner says which cells it reads, or what the number is.

register("fill", (stage) => {
  const { spec, fmt, T, U } = stage;
  const back = spec.exercise === "backward";
  const table = back ? spec.log_beta : spec.log_alpha;
  const letter = back ? "β" : "α";
  const ORDERS = {
    frame: ["frame by frame", (p) => [p.t, p.u]],
    label: ["label by label", (p) => [p.u, p.t]],
    diagonal: ["anti-diagonals", (p) => [p.t + p.u, p.u]],
  };
  const corner = back ? stage.node(T - 1, U) : stage.node(0, 0);
  const target = stage.marker("next");
  const found = [stage.marker("read"), stage.marker("read")];
  const arcs = { blank: stage.marker("from-blank"), label: stage.marker("from-label") };
  const wrongRings = [];
  let order = "frame";
  let mode = "cells";
  let filled = new Set();
  let chosen = [];
  let misses = 0;
  let next = null;

  stage.reserve(4);
  stage.choice("order", Object.entries(ORDERS).map(([key, [text]]) => [key, text]), order, (to) => {
    order = to;
    restart();
  });
  stage.choice("I give", [["cells", "the cells it reads"], ["number", "its number"]], mode, (to) => {
    mode = to;
    prompt([]);
  });
  stage.button("show me", "fill this cell for me (n)", () => reveal());
  stage.button("start again", "empty all cells", () => restart());
  const row = h("form", { class: "group", on: { submit: (event) => { event.preventDefault(); check(field.value); } } });
  const field = h("input", { type: "text", autocomplete: "off", spellcheck: false, inputMode: "decimal" });
  const caption = h("label", {}, h("span", {}, "its number "), field);
  row.append(caption, h("button", { type: "submit" }, "check"), h("span", { class: "soft" }, " such as 0.104, 1.04e-1, 10.4 %, ln −2.26 or 0.2*0.3 + 0.1*0.4"));
  const entry = stage.section("");
  entry.append(row);

  stage.walkable({
    kinds: ["node"],
    start: corner,
    name: (p) => `${letter} ${p.t}, ${p.u}: ${filled.has(p) ? fmt.probability(table[p.t][p.u], 2) : p === next ? "the cell to fill" : "empty"}`,
    enter: (p, by) => look(p, by),
    choose: (p) => pick(p),
    keys: { n: () => reveal() },
  });
  restart();

  // ---- the recursion, one cell at a time: which cells, along which arcs

  function terms(p) {
    const all = back
      ? [[stage.node(p.t + 1, p.u), stage.blank(p.t, p.u)], [stage.node(p.t, p.u + 1), stage.label(p.t, p.u)]]
      : [[stage.node(p.t - 1, p.u), stage.blank(p.t - 1, p.u)], [stage.node(p.t, p.u - 1), stage.label(p.t, p.u - 1)]];
    return all.filter(([from]) => from).map(([from, arc]) => {
      const score = (arc.kind === "blank" ? spec.blank : spec.label)[arc.t][arc.u];
      return { from, arc, score, value: table[from.t][from.u], product: table[from.t][from.u] + score };
    });
  }

  function fromNeighbours(p) {
    if (p === corner) return back ? spec.blank[T - 1][U] : 0;
    return terms(p).reduce((sum, term) => logAdd(sum, term.product), -Infinity);
  }

  // ---- what is asked

  function restart() {
    filled = new Set([corner]);
    misses = 0;
    wrongRings.forEach((ring) => ring.off());
    for (const p of stage.nodes()) paint(p);
    prompt([[[back ? "Only the final blank is left to do from here, so this cell is given." : "We start here with certainty, so this cell is given.", "soft"]]], false);
  }

  function ask() {
    const sign = back ? -1 : 1;
    const key = ORDERS[order][1];
    const waiting = stage.nodes().filter((p) => !filled.has(p));
    waiting.sort((a, b) => sign * (key(a)[0] - key(b)[0]) || sign * (key(a)[1] - key(b)[1]));
    next = waiting[0] ?? null;
    chosen = [];
    found.forEach((one) => one.off());
    target.at(next);
    row.style.display = mode === "number" && next ? "" : "none";
    caption.firstChild.textContent = next ? `${letter}(${next.t}, ${next.u}) = ` : "";
    field.value = "";
    stage.hint(
      mode === "cells"
        ? "Click the cells that the dotted one is computed from (or walk there with the arrow keys, Enter chooses)."
        : "Work out the dotted cell and type its number.",
    );
    if (!next) return null;
    return [["Next: ", "soft"], [`${letter}(${next.t}, ${next.u})`, "strong"], mode === "cells" ? ". Which cells does it read?" : ". What is its number?"];
  }

  function prompt(lines, spoken = true) {
    const question = ask();
    if (question) stage.say([...lines, question], { spoken });
    else finish(lines);
  }

  function finish(lines) {
    const last = back ? table[0][0] : table[T - 1][U];
    const total = back ? last : last + spec.blank[T - 1][U];
    arcs.blank.off();
    arcs.label.off();
    stage.say([
      ...lines,
      [["All cells are filled", "strong"], `, with ${misses === 1 ? "one miss" : `${misses || "no"} misses`}.`],
      back
        ? [["P(y|x) = β(0, 0) = ", "soft"], [fmt.three(total), "strong"]]
        : [["P(y|x) = ", "soft"], `α(${T - 1}, ${U}) × `, [`∅(${T - 1}, ${U})`, "blank"], ` = ${fmt.three(last)} × ${fmt.three(spec.blank[T - 1][U])} = `, [fmt.three(total), "strong"]],
    ], { spoken: true });
  }

  function paint(p) {
    const there = filled.has(p);
    stage.setText(`value-${p.t}-${p.u}`, there ? fmt.probability(table[p.t][p.u]) : "?");
    stage.el(`value-${p.t}-${p.u}`)?.style.setProperty("opacity", there ? "1" : "0.6", "important");
    stage.setLevel(p, there ? spec.levels[p.t][p.u] : null);
  }

  function fill(lead) {
    const p = next;
    filled.add(p);
    paint(p);
    const yours = table[p.t][p.u];
    const lines = [[lead, ...written(p)]];
    if (differ(yours, fromNeighbours(p))) {
      const ring = stage.marker("wrong");
      ring.at(p);
      wrongRings.push(ring);
      lines.push([[mismatch(p), "wrong"]]);
    }
    prompt(lines);
    if (mode === "number") field.focus({ preventScroll: true });
  }

  function written(p) {
    const symbol = (arc) => (arc.kind === "blank" ? "∅" : spec.symbols[arc.u]);
    const parts = [[`${letter}(${p.t}, ${p.u}) = `, "soft"]];
    if (p === corner) return [...parts, [fmt.three(fromNeighbours(p)), "strong"]];
    terms(p).forEach(({ from, arc, score, value }, i) => {
      if (i) parts.push(" + ");
      parts.push([`${letter}(${from.t}, ${from.u})·${symbol(arc)}(${arc.t}, ${arc.u}) = ${fmt.three(value)} × ${fmt.three(score)}`, arc.kind]);
    });
    parts.push(" = ", [fmt.three(fromNeighbours(p)), "strong"]);
    return parts;
  }

  function mismatch(p) {
    const [yours, should] = fmt.apart(table[p.t][p.u], fromNeighbours(p));
    return `${should} is not your array's ${yours}: in your array this cell does not follow from its neighbours.`;
  }

  // ---- answers

  function pick(p) {
    if (!next || mode !== "cells") return;
    const wanted = terms(next).map((term) => term.from);
    if (wanted.includes(p)) {
      if (!chosen.includes(p)) chosen.push(p);
      found.forEach((one, i) => (chosen[i] ? one.at(chosen[i]) : one.off()));
      if (chosen.length === wanted.length) return fill(["Yes. ", "right"]);
      stage.say([[["Yes, that is one of them. ", "right"], "There is one more."]], { spoken: true });
      return;
    }
    misses += 1;
    stage.say([[["No. ", "wrong"], why(p)], [["Next: ", "soft"], [`${letter}(${next.t}, ${next.u})`, "strong"], ". Which cells does it read?"]], { spoken: true });
  }

  function why(p) {
    const [dt, du] = back ? [p.t - next.t, p.u - next.u] : [next.t - p.t, next.u - p.u];
    if (p === next) return "That is the cell to fill itself.";
    if (dt === 1 && du === 1) return "No arc is diagonal: a blank goes one to the right, a label one up.";
    if (dt <= 0 && du <= 0) return back ? "From the dotted cell, no arc leads there: arcs go right and up." : "An arc leads there, not from there: arcs go right and up.";
    return "That is too far: an arc leads to the next frame or the next label.";
  }

  function check(text) {
    if (!next) return;
    const guess = read(text);
    if (!guess) {
      stage.say([[["That is not a number I can read. ", "wrong"], "Try 0.104, 1.04e-1, 10.4 %, ln −2.26 or 0.2*0.3 + 0.1*0.4."]], { spoken: true });
      return;
    }
    const yours = table[next.t][next.u];
    const should = fromNeighbours(next);
    const oneWay = terms(next).length > 1 && terms(next).some(({ product }) => close(guess, product) && Math.abs(guess.log - product) < Math.abs(guess.log - yours));
    if (near(guess, yours) && !oneWay) return fill(["Yes. ", "right"]);
    misses += 1;
    let hint = "Add up what comes in along each arc: the cell it comes from, times the arc.";
    if (back) hint = "Add up what is left to do along each arc: the arc, times the cell it leads to.";
    if (near(guess, should) && !oneWay) hint = `Your arithmetic is right, your array is not. ${mismatch(next)}`;
    else if (oneWay) hint = "That is one of the two ways. The other one counts, too.";
    else if (terms(next).some((term) => close(guess, term.value))) hint = "That is a neighbour's number. It still has to take the arc.";
    else if (close(guess, terms(next).reduce((sum, term) => sum + term.product, 0))) hint = "You multiplied the two ways. Two ways to get somewhere add up.";
    stage.say([[[`${text.trim()}? `, "strong"], ["Not this. ", "wrong"], hint], [[`${letter}(${next.t}, ${next.u})`, "strong"], [" reads", "soft"], ...operands(next)]], { spoken: true });
    field.select();
  }

  function operands(p) {
    return terms(p).map(({ from, value, arc, score }, i) => [`${i ? "; " : " "}${letter}(${from.t}, ${from.u}) = ${fmt.three(value)}, arc ${fmt.three(score)}`, arc.kind]);
  }

  function reveal() {
    if (next) fill(["Shown. ", "soft"]);
  }

  // A number in any usual way of writing it, as {log, slack}: slack is how far a rounding can be off, in p or in ln p.
  function read(raw) {
    const text = raw.trim().toLowerCase().replaceAll("−", "-").replaceAll(",", ".").replaceAll(/\s+/g, " ");
    const one = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?";
    const ln = text.match(new RegExp(`^(?:(?:ln|log|l) ?=? ?\\(?(${one})\\)?|(?:exp|e\\^) ?\\(? ?(${one}) ?\\)?|(-${one.slice(5)}))$`));
    if (ln) {
      const digits = ln.slice(1).find((part) => part !== undefined);
      return { log: Number(digits), slack: unit(digits) / 2, inLog: true };
    }
    const share = text.match(new RegExp(`^(${one}) ?%$`));
    if (share) return { log: Math.log(Number(share[1]) / 100), slack: unit(share[1]) / 200 };
    const plain = text.replaceAll(/[×·]/g, "*").replaceAll(" ", "");
    if (!new RegExp(`^${one}(?:[*+]${one})*$`).test(plain)) return null;
    // A sign inside "1e+2" is no sum.
    const sum = plain.split(/(?<!e)\+/).reduce((total, part) => total + part.split("*").reduce((product, factor) => product * Number(factor), 1), 0);
    return sum >= 0 ? { log: Math.log(sum), slack: /[*+]/.test(plain.replace(/e\+/, "e")) ? 0 : unit(plain) / 2 } : null;
  }

  // What one step of the last written digit is worth: 0.01 for "0.24", 0.001 for "1.04e-1".
  function unit(text) {
    const [, fraction, exponent] = text.match(/^[+-]?\d*\.?(\d*)(?:e([+-]?\d+))?$/) ?? [, "", "0"];
    return 10 ** (Number(exponent ?? 0) - fraction.length);
  }

  function near(guess, v) {
    if (v === -Infinity || guess.log === -Infinity) return v === guess.log;
    // The drawing shows two digits of each factor: a product of them can be off by so much.
    if (Math.abs(guess.log - v) <= 0.045) return true;
    // "0.2" is no answer to 0.245: a rounding counts from two digits on.
    const off = guess.inLog ? Math.abs(guess.log - v) : Math.abs(Math.exp(guess.log) - Math.exp(v));
    const size = guess.inLog ? Math.abs(v) : Math.exp(v);
    return off <= guess.slack * 1.0001 && guess.slack <= 0.05 * size;
  }

  const close = (guess, v) => Math.abs(guess.log - v) <= 0.015;

  function look(p, by) {
    arcs.blank.off();
    arcs.label.off();
    if (!filled.has(p)) {
      if (by === "key" && p === next) stage.speak("the cell to fill");
      return;
    }
    for (const { arc } of p === corner ? [] : terms(p)) arcs[arc.kind].at(arc);
    const lines = [written(p)];
    if (differ(table[p.t][p.u], fromNeighbours(p))) lines.push([[mismatch(p), "wrong"]]);
    if (next) lines.push([["Next: ", "soft"], [`${letter}(${next.t}, ${next.u})`, "strong"]]);
    stage.say(lines, { spoken: by === "key" });
  }
});
