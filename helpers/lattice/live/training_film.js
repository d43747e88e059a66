// A film of training: the heat map of one frame, a place on the curves, and what the model writes by then.
// spec.frames are texts, see codes.py: a level a character, "-x" for a run of zeros.

register("training_film", (stage) => {
  const { spec } = stage;
  const { steps, loss, blank, written, sharp, frames, x, y } = spec;
  const [T, U] = [stage.T, stage.U];
  const LEVELS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const value = new Map([...LEVELS].map((letter, i) => [letter, i]));
  const p = stage.panels[0];

  // A cell for each node takes the place of the still picture.
  const group = svgElement("g", { class: "cells" });
  stage.el("nodes").replaceWith(group);
  const cells = [];
  for (let t = 0; t < T; t++) {
    for (let u = 0; u <= U; u++) {
      const place = { x: p.x0 + t * p.dx - p.rx, y: p.y0 - u * p.dy - p.ry, width: 2 * p.rx, height: 2 * p.ry };
      cells.push(svgElement("rect", { ...place, "fill-opacity": 0 }));
    }
  }
  group.append(...cells);
  const painted = new Uint8Array(cells.length);
  for (const element of stage.svg.querySelectorAll('[data-id^="caption-"]')) element.remove();
  const key = stage.el("key-bar-what");
  const [, , width] = stage.svg.getAttribute("viewBox").split(" ");
  const height = Number(key.getAttribute("y")) + 14;
  stage.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  stage.svg.setAttribute("height", height);
  // No number stands on these cells, so they may be darker than in other views.
  const heat = 0.95;
  for (let i = 0; i < 12; i++) stage.el(`key-bar-${i}`).setAttribute("fill-opacity", (heat * i) / 11);

  function paint(code) {
    let at = 0;
    const set = (level) => {
      if (painted[at] !== level) {
        painted[at] = level;
        cells[at].setAttribute("fill-opacity", ((heat * level) / 61).toFixed(3));
      }
      at += 1;
    };
    for (let i = 0; i < code.length; i++) {
      if (code[i] !== "-") set(value.get(code[i]));
      else for (let zeros = value.get(code[++i]) + 2; zeros > 0; zeros--) set(0);
    }
  }

  const [now, onLoss, onBlank] = ["now", "now-loss", "now-blank"].map((id) => stage.el(id));

  function show(n) {
    paint(frames[n]);
    for (const [element, names] of [[now, ["x1", "x2"]], [onLoss, ["cx"]], [onBlank, ["cx"]]]) {
      for (const name of names) element.setAttribute(name, x[n]);
    }
    onLoss.setAttribute("cy", y.loss[n]);
    onBlank.setAttribute("cy", y.blank[n]);
    const lines = [
      [[steps[n] ? `after ${steps[n]} step${steps[n] > 1 ? "s" : ""}` : "untrained", "strong"], ` · ${loss[n].toFixed(2)} nats per label`],
      [
        ["∅", "blank"],
        ` has probability ${blank[n].toFixed(2)} on average · the likeliest place in a frame holds ${Math.round(100 * sharp[n])} % of P`,
      ],
    ];
    if (written.length) lines.push(written[n] ? ["it writes ", [`“${written[n]}”`, "mono"]] : "it writes nothing");
    stage.say(lines, { spoken: true });
  }

  stage.reserve(3);
  stage.hint("Drag the slider or click the curve; → and ← go a frame, space plays. Frames lie closer together early on.");
  const film = stage.player(frames.length, show, {
    label: "training",
    pace: 160,
    text: (i) => `step ${steps[i]}`,
  });
  const box = stage.el("curves");
  const nearest = (at) => x.reduce((best, one, i) => (Math.abs(one - at) < Math.abs(x[best] - at) ? i : best), 0);
  let pulling = false;
  function pull(event) {
    const view = stage.svg.getBoundingClientRect();
    film.go(nearest(((event.clientX - view.left) * stage.svg.viewBox.baseVal.width) / view.width));
  }
  const low = Number(box.getAttribute("y"));
  const inside = (event) => {
    const view = stage.svg.getBoundingClientRect();
    const at = ((event.clientY - view.top) * stage.svg.viewBox.baseVal.width) / view.width;
    return at > low - 12 && at < low + Number(box.getAttribute("height")) + 30;
  };
  stage.svg.addEventListener("pointerdown", (event) => {
    if (!inside(event)) return;
    pulling = true;
    event.preventDefault(); // or the page would take the focus away again
    stage.svg.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
    stage.svg.setPointerCapture(event.pointerId);
    pull(event);
  });
  stage.svg.addEventListener("pointermove", (event) => pulling && pull(event));
  for (const name of ["pointerup", "pointercancel"]) stage.svg.addEventListener(name, () => (pulling = false));
  stage.walkable({
    name: () => "film of training; arrow keys go frame by frame",
    keys: {
      ArrowRight: () => film.go(film.at() + 1),
      ArrowLeft: () => film.go(film.at() - 1),
      Home: () => film.go(0),
      End: () => film.go(frames.length - 1),
    },
  });
  film.go(frames.length - 1);
});
