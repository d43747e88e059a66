/*
The core of the lattice explorer: it takes the SVG that Python drew and makes it answer.

One inline classic script holds page.js, question.js, this file, the file of one view, and the call
`start(script, payload)`. Nothing is fetched, nothing global is left behind, no id is set outside the shadow root; any
number of figures share a page.

A VIEW IS A FUNCTION OF A STAGE. The file helpers/lattice/live/NAME.js, for Figure(view="NAME"), says

    register("NAME", (stage) => {
      const { spec, fmt } = stage;
      const back = stage.button("back", "one step back (Backspace)", () => undo());
      stage.walkable({
        name: (p) => `${p.t}, ${p.u}: ${fmt.probability(spec.log_alpha[p.t][p.u])}`,
        enter: (p, by) => stage.say([["α = ", [fmt.three(spec.log_alpha[p.t][p.u]), "strong"]]]),
        choose: (p) => extend(p),
        keys: { b: () => step("b"), Backspace: () => undo() },
      });
    });

It shows numbers of the spec and writes sums and products of them out; it never fills a lattice itself.

PLACES. `stage.node(t, u)`, `stage.blank(t, u)`, `stage.label(t, u)`, `stage.final()` give a place or null when the
lattice has none: {kind: "node" | "blank" | "label" | "final", t, u, panel, id, x, y}. A place is one and the same
object every time. `id` is the data-id in the SVG ("node-3-2"). A last argument names the panel ("yours-"; "" if omitted).
  stage.after(place)         where an arc leads: a node, or the final dot
  stage.panels               [{prefix, T, U, map, ...}]; stage.T, stage.U of the first; stage.isMap
  stage.nodes(panel)         all node places
  stage.el(id)               the SVG element with that data-id (looked up once), or null

SPEC. `stage.spec` is the Figure's spec. Arrays are lists of rows (large ones rows of Float64Array) with real -Infinity
and NaN in them.

WALKING. `stage.walkable({name, enter, choose, drag, keys, kinds, arcs, start})` makes places answer to mouse, touch and
keyboard; all parts are optional.
  name(place)                what a screen reader calls it
  enter(place, by)           hovered (by = "pointer"), or reached with the arrow keys ("key"), or chosen
  choose(place)              clicked, tapped, Enter or Space
  drag(place, phase)         "start", "move", "end" of a pull over nodes with the button held (nearest node)
  keys: {b: () => ...}       single keys while the lattice has the focus, by KeyboardEvent.key, lower case
  kinds                      what answers to the pointer: ["node", "blank", "label"] (default), also "final"
  arcs: true                 arrow keys stop at arcs, too, between the nodes
  start                      place that Tab enters at; (0, 0) if omitted
It returns {go(place), current()}: `go` moves the cursor as a key would; the focus follows only if it is in the lattice.
Arrow keys walk, Home and End go to the first and last frame. Keys without Ctrl, Alt or Meta never leave a figure
(Jupyter would take `b` as "insert a cell"), except Tab, Escape and Shift+Enter; they are taken at the window, so an
element of your own gets no keydown event: use `keys`.

SHOWING. Highlights are elements made once and moved: a hover touches few elements.
  stage.marker(kind)         {at(place), off()}; kinds: "cursor", "from-blank", "from-label", "read", "write", "wrong",
                             "found", "next" (all differ in stroke or dash, not in colour alone)
  stage.tint(nodes)          lays red over cells of a map, any number of them, for good
  stage.trail(kind)          {show("bl...") , off()}: a halo along a path from (0, 0); kind "path" or "other"
  stage.cut()                {through(nodes, "column" | "diagonal"), off()}: a line through node places
  stage.setText(id, text)    replaces the text of an SVG text or value ("value-3-2")
  stage.setLevel(place, v)   heat of a node, 0 to 1 (null: none)
  stage.fade(id, on)         dims an element
  stage.hide(id, on)         hides an element
  stage.crop(y)              cuts the drawing off below y: for captions that the panel replaces
  stage.lens({node, blank, label})   for a map: texts of (t, u); a window of nodes around the cursor shows them
SAYING
  stage.say(lines, {spoken, mood})   into the panel under the drawing: each line is a text or a list of parts; a part is
                             a text or [text, role, ...]; roles: "blank", "label", "wrong", "right", "strong", "soft", "mono".
                             spoken: true reads it out, a string reads that out
  stage.speak(text)          for a screen reader alone
  stage.reserve(lines)       height of the panel, in lines (default 3); it never changes while one reads
  stage.hint(text)           one line above the panel that says what can be done here
TOOLS, in the order of the calls, above the drawing (each returns its element; every target is at least 24 px)
  stage.button(text, title, act)
  stage.enable(button, on)   shows a button as available or not; it still calls act, which may say why not
  stage.choice(label, [[value, text], ...], value, act)        buttons of which one is pressed
  stage.slider(label, {min, max, step, value, text}, act)      text(value) -> what is shown beside it; el.set(value)
  stage.number(label, {min, max, step, value}, act)            act(NaN) when it is no number
  stage.player(count, show, {label, pace})   first, back, play, on, and a slider over `count` steps; show(i);
                             returns {go(i), at(), stop()}. Space plays. Reduced motion: one step a second at most.
  stage.copy(text)           copies text (falls back to a selected field where a page may not); a promise of true/false
  stage.section(title)       an empty block under the panel, for a view's own HTML
  h(tag, properties, ...children), svgElement(tag, attributes)  make elements; text is always text, never markup
NUMBERS, as in helpers/lattice/numerals.py, from logarithms: fmt.probability(v, smallDigits), fmt.three(v) (three digits),
fmt.apart(v, w) (a pair of texts, long enough to see a difference), fmt.logarithm(v, digits), fmt.percent(v);
`logAdd(v, w)` = ln(e^v + e^w) for the one sum that a sentence spells out; `differ(v, w)`: beyond rounding.
MOTION  stage.calm() is true when the reader asked for reduced motion.
*/

let SVG = ""; // the namespace, read from the drawing: a page without an address in it is plainly self-contained
const builders = new Map();
const TOLERANCE = 1e-3; // as in comparing.py: beyond what float32 loses, below what a mistake changes

function register(name, build) {
  builders.set(name, build);
}

// ---- numbers as short text: a mirror of numerals.py, compared with it by a test

const MINUS = "−";

function fixed(x, digits) {
  // toFixed, but an exact tie goes to the even digit, as in Python.
  const scaled = Math.abs(x) * 10 ** digits;
  const below = Math.floor(scaled);
  if (scaled - below === 0.5 && (2 * below + 1) % 5 ** digits === 0 && below % 2 === 0) {
    return ((Math.sign(x) * below) / 10 ** digits).toFixed(digits);
  }
  return x.toFixed(digits);
}

function odd(v) {
  return Number.isNaN(v) ? "NaN" : v === -Infinity ? "0" : v === Infinity ? "∞" : null;
}

function scientific(v, digits) {
  let exponent = Math.floor(v / Math.LN10);
  let leading = fixed(Math.exp(v - exponent * Math.LN10), digits - 1);
  if (leading.startsWith("10")) {
    leading = "1" + leading.slice(2);
    exponent += 1;
  }
  return [leading, exponent];
}

const fmt = {
  probability(v, smallDigits = 1) {
    const special = odd(v);
    if (special !== null) return special;
    if (v < Math.log(0.0095) || v >= Math.log(99.5)) return scientific(v, smallDigits).join("e");
    const p = Math.exp(v);
    if (p < 0.0995) return fixed(p, 3);
    return p < 9.95 ? fixed(p, 2) : fixed(p, 0);
  },
  digits(v, n) {
    const special = odd(v);
    if (special !== null) return special;
    const [leading, exponent] = scientific(v, n);
    return exponent < -3 || exponent >= n ? `${leading}e${exponent}` : fixed(Math.exp(v), n - 1 - exponent);
  },
  three(v) {
    return fmt.digits(v, 3);
  },
  apart(v, w) {
    for (const n of [3, 4, 6, 9]) {
      const pair = [fmt.digits(v, n), fmt.digits(w, n)];
      if (pair[0] !== pair[1]) return pair;
    }
    return [fmt.three(v), fmt.three(w)];
  },
  logarithm(v, digits) {
    if (Number.isNaN(v)) return "NaN";
    if (!Number.isFinite(v)) return v > 0 ? "+∞" : `${MINUS}∞`;
    const size = Math.abs(v);
    let text;
    if (size >= 99999.5) text = size.toExponential(0).replace("e+", "e");
    else text = fixed(size, digits ?? 2 - (size >= 9.995) - (size >= 99.95));
    return v < 0 && Number(text) ? MINUS + text : text;
  },
  percent(v) {
    const share = 100 * Math.exp(v);
    if (share >= 99.95 && share < 100.05) return "100 %";
    return share >= 0.095 && share < 1e6 ? `${fixed(share, 1)} %` : `${fmt.probability(v + Math.log(100))} %`;
  },
};

function logAdd(v, w) {
  const top = Math.max(v, w);
  return top === -Infinity || Number.isNaN(top) ? top : top + Math.log(Math.exp(v - top) + Math.exp(w - top));
}

function differ(v, w) {
  if (v === w) return false;
  return !(Math.abs(v - w) <= TOLERANCE * Math.max(1, Math.abs(w)));
}

// ---- elements

function svgElement(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Five times the class: more specific than the drawing's own reset, which has three.
const L = ".lattice-live".repeat(5);

const STYLE = `${CONTROLS}${QUESTION}
.tools{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center;padding:2px 12px}
.tools:empty{display:none}
.group{display:inline-flex;flex-wrap:wrap;gap:4px;align-items:center;margin:0;padding:0;border:0}
.group>span,.group>label{color:var(--c-muted);font-size:13px;margin-right:2px}
.scroll{overflow-x:auto;position:relative}
.hint{padding:0 12px;color:var(--c-muted);font-size:13px}
.panel{margin:4px 12px 0;padding:5px 0;border-top:1px solid var(--c-outline);border-bottom:1px solid var(--c-outline);
overflow-y:auto;box-sizing:content-box}
.panel>div{min-height:1.5em}
.section{padding:4px 12px}
table{border-collapse:collapse;font-size:13px}
th,td{padding:2px 10px;text-align:right;border-bottom:1px solid var(--c-hair);font-weight:400}
th{color:var(--c-muted)}th:first-child,td:first-child{text-align:left}
svg${L}{touch-action:manipulation;outline:none!important}
${L} [tabindex]{outline:none!important}
${L} .live{pointer-events:none!important;fill:none!important}
${L} .cursor{stroke:var(--c-ink)!important;stroke-width:2.4px!important}
${L}:focus-within .cursor{stroke-width:4px!important}
${L} .from-blank{stroke:var(--c-blank)!important;stroke-width:4.5px!important;stroke-dasharray:9 4!important}
${L} .from-label{stroke:var(--c-label)!important;stroke-width:4.5px!important}
${L} .read{stroke:var(--c-blank)!important;stroke-width:3px!important;stroke-dasharray:4 3!important}
${L} .write{stroke:var(--c-halo-0)!important;stroke-width:4px!important}
${L} .wrong{stroke:var(--c-wrong)!important;stroke-width:3px!important;stroke-dasharray:7 2 2 2!important}
${L} .tint{fill:var(--c-wrong)!important;opacity:.45!important}
${L} .found{stroke:var(--c-halo-0)!important;stroke-width:3px!important}
${L} .next{stroke:var(--c-ink)!important;stroke-width:1.6px!important;stroke-dasharray:2 3!important}
${L} .path{stroke:var(--c-halo-0)!important;stroke-width:11px!important;stroke-linecap:round!important;
stroke-linejoin:round!important;opacity:.42!important}
${L} .other{stroke:var(--c-halo-1)!important;stroke-width:7px!important;stroke-dasharray:11 4!important;
stroke-linejoin:round!important;opacity:.5!important}
${L} .cut{stroke:var(--c-halo-3)!important;stroke-width:3px!important;stroke-dasharray:10 4!important}
${L} .dim{opacity:.25!important}
${L} .gone,${L} .gone *{visibility:hidden!important}
.lens{display:block;margin:2px 12px 0}
.lens text{font-family:var(--font);font-size:10.5px;text-anchor:middle;fill:var(--c-ink)}
.lens .node{fill:var(--c-paper);stroke:var(--c-outline)}.lens .middle{stroke:var(--c-ink);stroke-width:3px}
.lens .blank{stroke:var(--c-blank);stroke-dasharray:5 3;stroke-width:1.6}.lens .label{stroke:var(--c-label);stroke-width:1.6}
.lens text.of-blank{fill:var(--c-blank);font-size:9.5px}.lens text.of-label{fill:var(--c-label);font-size:9.5px;text-anchor:start}
.lens text.tick{fill:var(--c-muted)}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation:none!important;scroll-behavior:auto!important}}
`;

// ---- from the page to a stage

function start(script, payload) {
  // Some hosts run scripts in a way that leaves no currentScript: the drawing is then found by its key.
  const waiting = [...document.querySelectorAll(`[data-lattice][data-key="${payload.key}"]`)];
  const host = script?.closest?.("[data-lattice]") ?? waiting.find((one) => !one.shadowRoot);
  const picture = host?.querySelector("[data-picture]");
  if (!picture || host.shadowRoot) return;
  const build = builders.get(payload.view);
  try {
    // The drawing is the background of an element, so that it is seen without a script, too.
    const [, source] = picture.style.backgroundImage.match(/^url\("data:image\/svg\+xml,(.*)"\)$/s);
    const svg = document.importNode(new DOMParser().parseFromString(decodeURIComponent(source), "image/svg+xml").documentElement, true);
    SVG = svg.namespaceURI;
    const began = performance.now();
    const stage = makeStage(host, svg, payload);
    build(stage.api);
    stage.finish();
    host.attachShadow({ mode: "open" }).append(stage.sheet, stage.root);
    host.dataset.live = (performance.now() - began).toFixed(1); // milliseconds it took, for the measurements
  } catch (problem) {
    console.error("lattice explorer:", problem); // and the picture stays
  }
}

function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  const special = value["~"];
  if (special === undefined) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
  if (special === "packed") return unpackRows(value);
  return { "-inf": -Infinity, inf: Infinity, nan: NaN }[special];
}

function unpackRows({ shape: [rows, columns], width, low, step, data }) {
  // `width` digits to the base 64 a number, see packing.py: 0 is -inf, k is low + (k - 1) * step.
  const value = new Uint8Array(128);
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((sign, i) => (value[sign.charCodeAt(0)] = i));
  const table = [];
  for (let i = 0, at = 0; i < rows; i++) {
    const row = new Float64Array(columns);
    for (let j = 0; j < columns; j++) {
      let k = 0;
      for (let n = 0; n < width; n++) k = 64 * k + value[data.charCodeAt(at++)];
      row[j] = k ? low + (k - 1) * step : -Infinity;
    }
    table.push(row);
  }
  return table;
}

function makeStage(host, svg, payload) {
  const spec = unpack(payload.spec);
  const tools = h("div", { class: "tools", role: "toolbar", "aria-label": "controls of the drawing" });
  const scroll = h("div", { class: "scroll" });
  const hint = h("div", { class: "hint", hidden: true });
  const panel = h("div", { class: "panel", role: "note" });
  const voice = h("div", { class: "unseen", "aria-live": "polite" });
  const below = h("div");
  const root = h("div", { class: "stage" }, tools, scroll, hint, panel, below, voice);
  const sheet = h("style", {}, payload.theme + STYLE);

  // ---- the drawing

  const elements = new Map();
  for (const element of svg.querySelectorAll("[data-id]")) elements.set(element.dataset.id, element);
  svg.querySelector(":scope > title")?.remove();
  const paintings = [...svg.children];
  const under = svgElement("g", { class: "live" });
  const over = svgElement("g", { class: "live" });
  svg.insertBefore(under, paintings.find((one) => /^(\w+-)?(blank|label|node)-\d/.test(one.dataset.id ?? "")) ?? null);
  svg.append(over);
  svg.classList.add("lattice-live");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-roledescription", "lattice");
  scroll.append(svg);

  const panels = Object.entries(payload.grids).map(([prefix, grid]) => {
    const [T, U, x0, y0, dx, dy, rx, ry, tail] = grid;
    return { prefix, T, U, x0, y0, dx, dy, rx, ry, tail, map: !elements.has(`${prefix}node-0-0`) };
  });
  const panelOf = new Map(panels.map((one) => [one.prefix, one]));
  const width = svg.viewBox.baseVal.width;

  // ---- places

  const places = new Map();

  function place(kind, t, u, prefix = panels[0].prefix) {
    const p = panelOf.get(prefix);
    const last = t === p.T - 1;
    if (kind === "final") [t, u] = [p.T, p.U];
    else if (!(t >= 0 && t < p.T && u >= 0 && u <= p.U)) return null;
    else if ((kind === "label" && u === p.U) || (kind === "blank" && last && u !== p.U)) return null;
    const id = kind === "final" ? `${prefix}final` : `${prefix}${kind}-${t}-${u}`;
    let found = places.get(id);
    if (!found) {
      let x = p.x0 + t * p.dx;
      let y = p.y0 - u * p.dy;
      if (kind === "final") x = p.x0 + (p.T - 1) * p.dx + p.tail;
      else if (kind === "blank") x += (last ? p.tail : p.dx) / 2;
      else if (kind === "label") y -= p.dy / 2;
      found = Object.freeze({ kind, t, u, panel: prefix, id, x, y });
      places.set(id, found);
    }
    return found;
  }

  function after(arc) {
    if (arc.kind === "label") return place("node", arc.t, arc.u + 1, arc.panel);
    return arc.t === panelOf.get(arc.panel).T - 1 ? place("final", 0, 0, arc.panel) : place("node", arc.t + 1, arc.u, arc.panel);
  }

  function toScene(event) {
    const box = svg.getBoundingClientRect();
    const scale = box.width / width || 1;
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale, scale];
  }

  function locate(x, y, scale, kinds) {
    for (const p of panels) {
      const ft = (x - p.x0) / p.dx;
      const fu = (p.y0 - y) / p.dy;
      const t = Math.round(ft);
      const u = Math.round(fu);
      const inside = t >= 0 && t < p.T && u >= 0 && u <= p.U;
      if (p.map) {
        if (inside) return place("node", t, u, p.prefix);
        continue;
      }
      if (ft < -0.6 || fu < -0.6 || fu > p.U + 0.6 || ft > p.T + 0.4) continue;
      const reach = Math.min(Math.max(p.rx, 12 / scale), 0.5 * Math.min(p.dx, p.dy));
      if (inside && kinds.includes("node") && Math.hypot((ft - t) * p.dx, (fu - u) * p.dy) <= reach) {
        return place("node", t, u, p.prefix);
      }
      const end = place("final", 0, 0, p.prefix);
      if (kinds.includes("final") && Math.hypot(x - end.x, y - end.y) <= Math.max(12, 12 / scale)) return end;
      const offRow = (fu - u) * p.dy; // positive: above the arc, where its number stands
      const offColumn = (ft - t) * p.dx; // positive: right of the arc, where its number stands
      const side = Math.max(9, 12 / scale);
      if (kinds.includes("blank") && offRow > -side && offRow < Math.max(side, p.dx > 70 ? 17 : 0) && Math.abs(offColumn) > p.rx) {
        const found = place("blank", Math.min(Math.floor(ft), p.T - 1), u, p.prefix);
        if (found && x <= end.x) return found;
      }
      if (kinds.includes("label") && offColumn > -side && offColumn < Math.max(side, p.dx > 70 ? 30 : 0)) {
        const found = place("label", t, Math.floor(fu), p.prefix);
        if (found) return found;
      }
    }
    return null;
  }

  function nearestNode(x, y) {
    const p = panels.length === 1 ? panels[0] : panels.reduce((a, b) => (off(a) <= off(b) ? a : b));
    function off(one) {
      const middle = one.x0 + ((one.T - 1) * one.dx) / 2;
      const half = one.y0 - (one.U * one.dy) / 2;
      return Math.hypot(x - middle, y - half);
    }
    const clamp = (v, top) => Math.min(Math.max(Math.round(v), 0), top);
    return place("node", clamp((x - p.x0) / p.dx, p.T - 1), clamp((p.y0 - y) / p.dy, p.U), p.prefix);
  }

  // ---- highlights

  function outline(one, kind) {
    const p = panelOf.get(one.panel);
    if (one.kind === "node" || one.kind === "final") {
      if (p.map && one.kind === "node") {
        const [w, e] = [Math.max(p.rx, 3) + 1.5, Math.max(p.ry, 3) + 1.5];
        return `M${one.x - w},${one.y - e}h${2 * w}v${2 * e}h${-2 * w}z`;
      }
      const grow = { wrong: 4.5, next: 7, cursor: 1.5, found: 4, write: 2.5, read: 2.5 }[kind] ?? 2;
      const r = (one.kind === "final" ? 8 : p.rx) + grow * Math.min(1, p.rx / 14);
      return `M${one.x - r},${one.y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0z`;
    }
    const to = after(one);
    if (kind === "cursor") {
      // Around the arc rather than on it, so that the arc stays as it is.
      const [w, e] = [8, 2];
      if (one.kind === "blank") {
        const x = p.x0 + one.t * p.dx + p.rx - e;
        return `M${x},${one.y - w}H${to.x - (to.kind === "final" ? 7 : p.rx) + e}v${2 * w}H${x}z`;
      }
      const y = p.y0 - one.u * p.dy - p.ry + e;
      return `M${one.x - w},${y}V${to.y + p.ry - e}h${2 * w}V${y}z`;
    }
    if (one.kind === "blank") {
      const x = p.x0 + one.t * p.dx + p.rx;
      return `M${x},${one.y}H${to.x - (to.kind === "final" ? 7 : p.rx) - 4}`;
    }
    return `M${one.x},${p.y0 - one.u * p.dy - p.ry}V${to.y + p.ry + 4}`;
  }

  function marker(kind) {
    const path = svgElement("path", { class: `live ${kind} gone` });
    over.append(path);
    let shown = null;
    return {
      at(one) {
        if (one === shown) return;
        if (!one) return this.off();
        path.setAttribute("d", outline(one, kind));
        if (!shown) path.classList.remove("gone");
        shown = one;
      },
      off() {
        if (shown) path.classList.add("gone");
        shown = null;
      },
    };
  }

  function tint(nodes) {
    // One path for any number of cells.
    const cells = nodes.map((one) => {
      const p = panelOf.get(one.panel);
      return `M${one.x - p.rx},${one.y - p.ry}h${2 * p.rx}v${2 * p.ry}h${-2 * p.rx}z`;
    });
    over.prepend(svgElement("path", { class: "live tint", d: cells.join("") }));
  }

  function corners(path, prefix = panels[0].prefix) {
    const p = panelOf.get(prefix);
    const points = [[p.x0, p.y0]];
    let [t, u] = [0, 0];
    for (const step of path) {
      if (step === "b") t += 1;
      else u += 1;
      points.push(t === p.T ? [p.x0 + (t - 1) * p.dx + p.tail, p.y0 - u * p.dy] : [p.x0 + t * p.dx, p.y0 - u * p.dy]);
    }
    return points;
  }

  function trail(kind) {
    const line = svgElement("polyline", { class: `live ${kind}` });
    under.append(line);
    return {
      show(path, prefix) {
        const points = corners(path, prefix);
        if (points.length === 1) points.push(points[0]);
        line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
      },
      off() {
        line.setAttribute("points", "");
      },
    };
  }

  function cut() {
    const line = svgElement("polyline", { class: "live cut" });
    under.append(line);
    return {
      through(nodes, direction) {
        // A little beyond both ends, so that a cut through a single node is a line, too.
        const p = panelOf.get(nodes[0].panel);
        const [ex, ey] = direction === "column" ? [0, 0.6 * p.dy] : [0.45 * p.dx, 0.45 * p.dy];
        const points = nodes.map((one) => [one.x, one.y]).sort((v, w) => w[1] - v[1]);
        const [low, high] = [points[0], points[points.length - 1]];
        const ends = [[low[0] + ex, low[1] + ey], ...points, [high[0] - ex, high[1] - ey]];
        line.setAttribute("points", ends.map((point) => point.join(",")).join(" "));
      },
      off() {
        line.setAttribute("points", "");
      },
    };
  }

  // ---- saying

  function pieces(line) {
    const parts = typeof line === "string" ? [line] : line;
    return parts.map((part) => (typeof part === "string" ? part : h("span", { class: part.slice(1).join(" ") }, part[0])));
  }

  function speak(text) {
    voice.textContent = text.replaceAll("·", " times ").replaceAll("×", " times ").replaceAll("∅", "blank");
  }

  function say(lines, { spoken = false } = {}) {
    panel.replaceChildren(...lines.map((line) => h("div", {}, ...pieces(line))));
    if (spoken) speak(spoken === true ? [...panel.children].map((line) => line.textContent).join(". ") : spoken);
  }

  function reserve(lines) {
    panel.style.height = `${1.5 * lines}em`;
  }
  reserve(3);

  // ---- walking

  const keys = new Map();
  let walker = null;

  function walkable({ name, enter, choose, drag, keys: own = {}, kinds = ["node", "blank", "label"], arcs = false, start } = {}) {
    for (const [key, act] of Object.entries(own)) keys.set(key.length === 1 ? key.toLowerCase() : key, act);
    let current = start ?? place("node", 0, 0);
    let hovered = null;
    const cursor = marker("cursor");
    // What has no element of its own (cells of a map, bundled arcs) lends its name to this one.
    const handle = svgElement("rect", { class: "live", width: 1, height: 1 });
    over.append(handle);
    const elementOf = (one) => elements.get(one.id) ?? handle;

    function mark(one, tab) {
      const element = elementOf(one);
      if (!tab) return element.removeAttribute("tabindex");
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", choose ? "button" : "img");
      element.setAttribute("aria-label", name ? name(one) : `t=${one.t}, u=${one.u}`);
    }

    function visit(one, by) {
      hovered = one;
      cursor.at(one);
      lens?.move(one);
      enter?.(one, by);
    }

    function go(one, { focus = false, by = "key" } = {}) {
      // Where the focus is inside it must move along: an element that loses its tabindex would lose it.
      focus ||= svg.contains(root.getRootNode().activeElement ?? null);
      if (elementOf(one) !== elementOf(current)) mark(current, false);
      current = one;
      mark(one, true);
      visit(one, by);
      if (focus) elementOf(one).focus({ preventScroll: true });
    }

    function neighbour(one, direction) {
      const [dt, du] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[direction];
      if (arcs && one.kind === "node") {
        return dt ? place("blank", one.t + Math.min(dt, 0), one.u, one.panel) : place("label", one.t, one.u + Math.min(du, 0), one.panel);
      }
      if (one.kind === "final") return dt < 0 ? place(arcs ? "blank" : "node", panelOf.get(one.panel).T - 1, one.u, one.panel) : null;
      if (one.kind !== "node") {
        const along = one.kind === "blank" ? dt : du;
        const from = place("node", one.t, one.u, one.panel);
        if (!along) return null;
        const to = after(one);
        return along < 0 ? from : to.kind === "final" && !kinds.includes("final") ? null : to;
      }
      const found = place("node", one.t + dt, one.u + du, one.panel);
      if (found || !dt) return found;
      const other = panels[panels.findIndex((p) => p.prefix === one.panel) + dt];
      return other ? place("node", dt > 0 ? 0 : other.T - 1, one.u, other.prefix) : null;
    }

    function onKey(event) {
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (keys.has(key)) keys.get(key)(current);
      else if (key.startsWith("Arrow")) {
        const next = neighbour(current, key);
        if (next) go(next, { focus: true });
      } else if (key === "Home" || key === "End") {
        const p = panelOf.get(current.panel);
        go(place("node", key === "Home" ? 0 : p.T - 1, Math.min(current.u, p.U), current.panel), { focus: true });
      } else if ((key === "Enter" || key === " ") && choose) choose(current);
      else if (key === " " && playing) playing();
      else return false;
      return true;
    }

    mark(current, true);
    let pulling = false;
    svg.addEventListener("pointermove", (event) => {
      const [x, y, scale] = toScene(event);
      if (pulling) {
        const node = nearestNode(x, y);
        if (node !== hovered) {
          visit(node, "pointer");
          drag(node, "move");
        }
        return;
      }
      if (event.pointerType === "touch") return; // a tap enters and chooses; a swipe scrolls
      const found = locate(x, y, scale, kinds);
      if (choose) svg.style.setProperty("cursor", found ? "pointer" : "default");
      if (found && found !== hovered) visit(found, "pointer");
    });
    svg.addEventListener("mousedown", (event) => event.preventDefault()); // the focus is set below, to the place chosen
    svg.addEventListener("pointerdown", (event) => {
      if (!drag || event.button) return;
      const [x, y] = toScene(event);
      pulling = true;
      svg.setPointerCapture?.(event.pointerId);      const node = nearestNode(x, y);
      go(node, { focus: true, by: "pointer" });
      drag(node, "start");
    });
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, () => {
        if (pulling) drag(hovered, "end");
        pulling = false;
      });
    }
    if (drag) svg.style.touchAction = "none";
    svg.addEventListener("click", (event) => {
      const [x, y, scale] = toScene(event);
      const found = locate(x, y, scale, kinds);
      if (!found) return;
      go(found, { focus: true, by: "pointer" });
      if (choose) choose(found);
    });
    svg.addEventListener("focusin", () => {
      if (hovered !== current) visit(current, "key");
    });
    walker = { onKey };
    return { go, current: () => current };
  }

  let playing = null;

  keepKeys(root, (event, target) => {
    if (svg.contains(target)) {
      if (walker?.onKey(event)) event.preventDefault();
    } else if (event.key === " " && playing && !target.closest("button, input, select, summary, textarea, audio")) {
      playing();
      event.preventDefault();
    }
  });

  // ---- tools

  function button(text, title, act, into = tools) {
    const element = h("button", { type: "button", on: { click: () => act(element) } }, text);
    if (title) {
      element.title = title;
      if (/^[^\p{L}\d]*$/u.test(text)) element.setAttribute("aria-label", title);
    }
    into.append(element);
    return element;
  }

  // Not `disabled`: a button that is switched off under the finger would lose the focus.
  const enable = (element, on) => element.setAttribute("aria-disabled", String(!on));

  function choice(label, options, value, act, into = tools) {
    const group = h("div", { class: "group", role: "group", "aria-label": label }, h("span", { "aria-hidden": "true" }, label));
    const buttons = options.map(([one, text]) => {
      const element = button(text, "", () => group.set(one, true), group);
      element.setAttribute("aria-pressed", String(one === value));
      return [one, element];
    });
    group.set = (one, tell = false) => {
      for (const [other, element] of buttons) element.setAttribute("aria-pressed", String(other === one));
      if (tell) act(one);
    };
    into.append(group);
    return group;
  }

  function slider(label, { min, max, step = 1, value = min, text = String }, act, into = tools) {
    const shown = h("output", {}, text(value));
    const input = h("input", { type: "range", min, max, step, value, "aria-valuetext": text(value) });
    input.addEventListener("input", () => {
      shown.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
      act(Number(input.value));
    });
    input.set = (one) => {
      input.value = one;
      shown.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    into.append(h("label", { class: "group" }, h("span", {}, label), input, shown));
    return input;
  }

  function number(label, { min, max, step = "any", value = "" }, act, into = tools) {
    const input = h("input", { type: "number", step, value });
    if (min !== undefined) input.min = min;
    if (max !== undefined) input.max = max;
    input.addEventListener("change", () => act(input.value === "" ? NaN : Number(input.value)));
    into.append(h("label", { class: "group" }, h("span", {}, label), input));
    return input;
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function player(count, show, { label = "step", pace = 350, text = (i) => `${i + 1} of ${count}` } = {}, into = tools) {
    let i = 0;
    let timer = null;
    const group = h("div", { class: "group", role: "group", "aria-label": label });
    into.append(group);
    const first = button("|◀", "first step", () => go(0), group);
    const back = button("−1", "one step back", () => go(i - 1), group);
    const play = button("▶ play", "play or pause (space)", () => toggle(), group);
    const on = button("+1", "one step on", () => go(i + 1), group);
    const line = slider(label, { min: 0, max: Math.max(0, count - 1), value: 0, text }, (to) => go(to), group);

    function render(to) {
      i = Math.min(Math.max(to, 0), count - 1);
      line.set(i);
      for (const one of [first, back]) enable(one, i > 0);
      enable(on, i < count - 1);
      show(i);
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "▶ play";
    }
    function go(to) {
      stop();
      render(to);
    }
    function toggle() {
      if (timer !== null) return stop();
      if (i === count - 1) render(0);
      play.textContent = "❚❚ pause";
      timer = setInterval(
        () => {
          if (!host.isConnected || i >= count - 1) return stop();
          render(i + 1);
        },
        calm() ? Math.max(1000, pace) : pace,
      );
    }
    playing = toggle;
    if (count > 0) render(0);
    return { go, stop, at: () => i };
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = h("input", { type: "text", value: text, readOnly: true, class: "unseen" });
      root.append(field);
      field.select();
      let done = false;
      try {
        done = document.execCommand("copy");
      } catch {
        done = false;
      }
      field.remove();
      return done;
    }
  }

  function section(title) {
    const block = h("div", { class: "section" });
    if (title) block.append(h("div", { class: "strong" }, title));
    below.append(block);
    return block;
  }

  // ---- lens

  let lens = null;

  function makeLens({ node, blank, label }) {
    const p = panels[0];
    const [across, up] = [Math.min(7, p.T), Math.min(3, p.U + 1)];
    const [dx, dy, r] = [84, 56, 19];
    const view = svgElement("svg", { class: "lens", width: across * dx + 62, height: up * dy + 34, "aria-hidden": "true" });
    const cells = [];
    const ticks = { t: [], u: [] };
    for (let i = 0; i < across; i++) {
      for (let j = 0; j < up; j++) {
        const [x, y] = [62 + i * dx, 14 + r + (up - 1 - j) * dy];
        const right = svgElement("path", { class: "blank", d: `M${x + r},${y}h${dx - 2 * r - 2}` });
        const upward = svgElement("path", { class: "label", d: `M${x},${y - r}v${-(dy - 2 * r - 2)}` });
        const circle = svgElement("circle", { class: "node", cx: x, cy: y, r });
        const value = svgElement("text", { x, y: y + 3.7 });
        const onBlank = svgElement("text", { class: "of-blank", x: x + dx / 2, y: y - 5 });
        const onLabel = svgElement("text", { class: "of-label", x: x + 5, y: y - dy / 2 + 3 });
        view.append(right, upward, circle, value, onBlank, onLabel);
        cells.push({ i, j, right, upward, circle, value, onBlank, onLabel });
      }
    }
    for (let i = 0; i < across; i++) ticks.t.push(svgElement("text", { class: "tick", x: 62 + i * dx, y: up * dy + 26 }));
    for (let j = 0; j < up; j++) ticks.u.push(svgElement("text", { class: "tick", x: 20, y: 18 + r + (up - 1 - j) * dy }));
    view.append(...ticks.t, ...ticks.u);
    const frame = svgElement("path", { class: "live next" });
    over.append(frame);
    below.prepend(view);
    const set = (element, text) => {
      if (element.textContent !== text) element.textContent = text;
    };
    return {
      move(one) {
        const t0 = Math.min(Math.max(one.t - (across >> 1), 0), p.T - across);
        const u0 = Math.min(Math.max(one.u - (up >> 1), 0), p.U + 1 - up);
        for (const cell of cells) {
          const [t, u] = [t0 + cell.i, u0 + cell.j];
          const [isBlank, isLabel] = [place("blank", t, u), place("label", t, u)];
          set(cell.value, node(t, u));
          set(cell.onBlank, isBlank ? (blank?.(t, u) ?? "") : "");
          set(cell.onLabel, isLabel ? (label?.(t, u) ?? "") : "");
          cell.right.style.visibility = isBlank ? "" : "hidden";
          cell.upward.style.visibility = isLabel ? "" : "hidden";
          cell.circle.classList.toggle("middle", t === one.t && u === one.u);
        }
        ticks.t.forEach((tick, i) => set(tick, String(t0 + i)));
        ticks.u.forEach((tick, j) => set(tick, `u=${u0 + j}`));
        const [x, y] = [p.x0 + (t0 - 0.5) * p.dx, p.y0 - (u0 + up - 0.5) * p.dy];
        frame.setAttribute("d", `M${x},${y}h${across * p.dx}v${up * p.dy}h${-across * p.dx}z`);
      },
    };
  }

  // ---- what can be changed in the drawing

  function setText(id, text) {
    const element = elements.get(id);
    if (element && element.textContent !== text) element.textContent = text;
  }

  function setLevel(one, level) {
    const heat = elements.get(one.id)?.querySelector(".heat");
    heat?.setAttribute("fill-opacity", level === null ? "0" : (payload.heat * Math.min(Math.max(level, 0), 1)).toFixed(3));
  }

  const api = {
    spec,
    fmt,
    panels,
    T: panels[0].T,
    U: panels[0].U,
    isMap: panels[0].map,
    svg,
    root,
    node: (t, u, prefix) => place("node", t, u, prefix),
    blank: (t, u, prefix) => place("blank", t, u, prefix),
    label: (t, u, prefix) => place("label", t, u, prefix),
    final: (prefix) => place("final", 0, 0, prefix),
    after,
    nodes(prefix = panels[0].prefix) {
      const p = panelOf.get(prefix);
      const all = [];
      for (let t = 0; t < p.T; t++) for (let u = 0; u <= p.U; u++) all.push(place("node", t, u, prefix));
      return all;
    },
    el: (id) => elements.get(id) ?? null,
    walkable,
    marker,
    tint,
    trail,
    cut,
    setText,
    setLevel,
    fade: (id, on) => elements.get(id)?.classList.toggle("dim", on),
    hide: (id, on) => elements.get(id)?.classList.toggle("gone", on),
    crop(y) {
      svg.setAttribute("viewBox", `0 0 ${width} ${y}`);
      svg.setAttribute("height", y);
    },
    lens(texts) {
      lens = makeLens(texts);
      lens.move(place("node", 0, 0));
    },
    say,
    speak,
    reserve,
    hint(text) {
      hint.textContent = text;
      hint.hidden = !text;
    },
    button,
    enable,
    choice,
    slider,
    number,
    player,
    copy,
    section,
    calm,
  };

  followTheme(host, root, payload.dark);

  function finish() {
    if (payload.question) below.append(questionBlock(payload.question, speak));
  }

  return { api, root, sheet, finish };
}
