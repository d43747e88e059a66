// One lattice in several variants, one at a time: what changes is what the choice above it does.

register("breaking", (stage) => {
  const { slides } = stage.spec;
  const rings = [];
  let now = 0;
  stage.reserve(3);
  stage.hint(stage.spec.hint);
  stage.choice(stage.spec.label, slides.map(({ name }, i) => [i, name]), 0, (i) => show(i, true));
  stage.walkable({
    kinds: ["node"],
    name: (p) => text(p),
    enter: (p, by) => {
      if (by === "key") stage.speak(text(p));
    },
  });
  show(0);

  function text(p) {
    const found = slides[now].texts[p.t][p.u];
    return `t=${p.t}, u=${p.u}: ${found === "·" ? "padding, not in use" : found}`;
  }

  function show(i, spoken = false) {
    now = i;
    const { texts, levels, lines, wrong, arcs, size } = slides[i];
    for (const p of stage.nodes()) {
      const used = !size || (p.t < size[0] && p.u <= size[1]);
      stage.setText(`value-${p.t}-${p.u}`, texts[p.t][p.u]);
      stage.setLevel(p, levels[p.t][p.u]);
      stage.fade(p.id, !used);
      if (!arcs) continue;
      const last = size && p.t === size[0] - 1;
      for (const kind of ["blank", "label"]) {
        const there = used && (kind === "blank" ? !last || p.u === size[1] : p.u < size[1]);
        stage.setText(`number-${kind}-${p.t}-${p.u}`, there ? arcs[kind][p.t][p.u] : "");
        stage.fade(`${kind}-${p.t}-${p.u}`, !there);
      }
    }
    const ends = !size || (size[0] === stage.T && size[1] === stage.U);
    for (const id of ["final", "final-dot"]) stage.fade(id, !ends);
    wrong.forEach(([t, u], k) => {
      rings[k] ??= stage.marker("wrong");
      rings[k].at(stage.node(t, u));
    });
    rings.slice(wrong.length).forEach((ring) => ring.off());
    stage.say([[[slides[i].name, "strong"]], ...lines], { spoken });
  }
});
