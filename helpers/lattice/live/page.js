/*
What everything that answers in a page needs: elements, the look of controls, the theme of the page around it, and keys
that stay inside. Both the lattice explorer (core.js) and a question on its own (question.js) begin with this file.
*/

function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (key === "class") element.className = value;
    else if (key.startsWith("aria-") || key.startsWith("data-") || key === "role" || key === "for")
      element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const CONTROLS = `
.stage{all:initial;display:block;box-sizing:border-box;max-width:100%;padding:4px 0;color:var(--c-ink);
background:var(--c-paper);font-family:var(--font);font-size:14px;line-height:1.5;font-variant-numeric:tabular-nums}
.stage[data-theme=light]{color-scheme:light}.stage[data-theme=dark]{color-scheme:dark}
button{all:unset;box-sizing:border-box;min-width:28px;min-height:28px;padding:2px 10px;border:1px solid var(--c-outline);
border-radius:5px;font:inherit;font-size:13px;text-align:center;cursor:pointer;color:var(--c-ink);background:var(--c-paper)}
button:hover:not([aria-disabled=true]){box-shadow:inset 0 0 0 1px var(--c-outline)}
button[aria-pressed=true]{background:var(--c-ink);color:var(--c-paper);border-color:var(--c-ink)}
button[aria-disabled=true]{color:var(--c-muted);border-style:dashed;cursor:default}
input{font:inherit;font-size:13px;color:var(--c-ink);min-height:28px;box-sizing:border-box;margin:0}
input[type=range]{width:170px;accent-color:var(--c-blank)}
input[type=number],input[type=text]{width:7em;padding:2px 6px;border:1px solid var(--c-outline);border-radius:5px;
background:var(--c-paper)}
output{min-width:3.5em;font-size:13px}
button:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--c-blank);outline-offset:1px}
.blank{color:var(--c-blank)}.label{color:var(--c-label)}.strong{font-weight:700}.soft{color:var(--c-muted)}
.wrong{color:var(--c-wrong);font-weight:700}.right{color:var(--c-badge-0);font-weight:700}
.mono{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:13px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
`;

// A selector cannot look out of a shadow root, so an attribute says what the page is.
function followTheme(host, root, darkHosts) {
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  function theme() {
    const dark = host.closest(darkHosts) || (host.closest('[data-theme="auto"]') && darkSystem.matches);
    root.dataset.theme = dark ? "dark" : "light";
  }
  theme();
  const watcher = new MutationObserver(theme);
  for (const element of [document.documentElement, document.body]) {
    watcher.observe(element, { attributes: true, attributeFilter: ["class", "theme", "data-theme", "data-jp-theme-light"] });
  }
  darkSystem.addEventListener("change", theme);
}

// Notebook 7 listens for shortcuts on the document, on the way down: only the window comes before it. So while the
// focus is in `root`, its keys are taken there, and `act` is told. What a browser does by itself (typing into a field,
// pressing a button) is not a matter of propagation and goes on.
function keepKeys(root, act = () => {}) {
  function onKey(event) {
    const [target] = event.composedPath();
    if (!root.contains(target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (["Tab", "Escape", "Shift"].includes(event.key) || /^F\d+$/.test(event.key)) return;
    if (event.shiftKey && event.key === "Enter") return;
    event.stopPropagation();
    if (event.type === "keydown") act(event, target);
  }
  const kinds = ["keydown", "keypress", "keyup"];
  root.addEventListener("focusin", () => kinds.forEach((kind) => addEventListener(kind, onKey, true)));
  root.addEventListener("focusout", () => kinds.forEach((kind) => removeEventListener(kind, onKey, true)));
}
