/*
Questions: one under a view, or one on its own that is asked before any code is written.

`questionBlock(question, speak)` makes either kind. The question of a view has options, and the drawing tells the rest. A
prediction has options or takes a number, knows what the likely wrong answers are, and tells its own only to those who
have tried: `predict(script, payload)` puts it where the script stands.
*/

const QUESTION = `
.question{margin:10px 12px 4px;padding:8px 12px;border:1px solid var(--c-hair);border-left:4px solid var(--c-blank);
border-radius:5px;max-width:46em}
.question p{margin:0 0 6px}.options{display:flex;flex-wrap:wrap;gap:6px;align-items:center}
.options button{text-align:left}
.question .answer{min-height:1.5em;margin:6px 0 0}
`;
const TRIES = 2; // wrong ones, before the answer may be seen

function questionBlock(question, speak) {
  const answer = h("p", { class: "answer" });
  function reply(right, words) {
    answer.replaceChildren(h("span", { class: right ? "right" : "wrong" }, right ? "✓ " : "✗ "), words);
    speak(words);
  }
  const answers = question.known ? predictionAnswers(question, reply, answer) : viewAnswers(question, reply);
  return h(
    "section",
    { class: "question", "aria-label": "check yourself" },
    h("p", { class: "strong" }, question.text),
    h("div", { class: "options", role: "group", "aria-label": "answers" }, ...answers),
    answer,
  );
}

function optionButtons(options, choose) {
  const buttons = options.map((option, i) =>
    h("button", { type: "button", "aria-pressed": "false", on: { click: () => pressed(i) } }, option),
  );
  function pressed(i) {
    buttons.forEach((one, j) => one.setAttribute("aria-pressed", String(i === j)));
    choose(i);
  }
  return buttons;
}

function viewAnswers({ options, right, because }, reply) {
  return optionButtons(options, (i) =>
    i === right
      ? reply(true, `Right. ${because}`)
      : reply(false, "Not this one. Look again at the drawing, then try another."),
  );
}

function predictionAnswers({ options, right, within, known, because, nudge, told }, reply, answer) {
  let wrong = 0;
  const near = (a, b) => Math.abs(a - b) <= within;
  function judge(given) {
    if (!Number.isFinite(given)) return reply(false, "That is no number. Decimals with a point, please.");
    if (near(given, right)) return reply(true, `Right. ${because}`);
    const [, words] = known.find(([value]) => near(given, value)) ?? [null, nudge];
    reply(false, words);
    wrong += 1;
    if (wrong >= TRIES) {
      const show = () => answer.replaceChildren(h("span", { class: "strong" }, `${told}. `), because);
      answer.append(" ", h("button", { type: "button", on: { click: show } }, "show the answer"));
    }
  }
  if (options.length) return optionButtons(options, judge);
  const field = h("input", { type: "text", inputMode: "decimal", autocomplete: "off", "aria-label": "your prediction" });
  const read = () => judge(field.value.trim() === "" ? NaN : Number(field.value.trim().replace("−", "-").replace(",", ".")));
  // A form, because its Enter is the browser's own doing and needs no key event, which would not get here.
  const submit = (event) => {
    event.preventDefault();
    read();
  };
  return [h("form", { class: "options", on: { submit } }, field, h("button", { type: "submit" }, "check"))];
}

function predict(script, payload) {
  // Some hosts run scripts in a way that leaves no currentScript: the question is then found by its key.
  const waiting = [...document.querySelectorAll(`[data-predict="${payload.key}"]`)];
  const host = script?.closest?.("[data-predict]") ?? waiting.find((one) => !one.shadowRoot);
  if (!host || host.shadowRoot) return;
  const voice = h("div", { class: "unseen", "aria-live": "polite" });
  const block = questionBlock(payload.question, (text) => (voice.textContent = text));
  const root = h("div", { class: "stage" }, block, voice);
  followTheme(host, root, payload.dark);
  keepKeys(root);
  host.attachShadow({ mode: "open" }).append(h("style", {}, payload.theme + CONTROLS + QUESTION), root);
}
