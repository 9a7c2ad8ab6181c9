// A step with one choice from a scale for all clips of its page. A page has one kind of step (see also sliders.js): `show` puts
// it on the page and returns its clips, its keys and its answer, which is null until it is complete; `scores` lists the answers
// to the trials of a page, null where there are none.
function createStep({ data, element, words, clipButton }) {
  const { strings } = data;

  function show(trial, onSkip) {
    element("answers").disabled = true;
    const listen = strings[["hint_single", "hint_both", "hint_three"][trial.clips.length - 1]];
    const goOn = strings[trial.clips.length > 2 ? "hint_others" : "hint_other"];
    element("hint").textContent = listen;
    let results = [];
    const changed = () => {
      const open = results.length > 0 && results.every((result) => result.heard);
      element("answers").disabled = !open;
      const playing = results.some((result) => result.playing);
      element("hint").textContent = open ? strings.hint_answer : playing ? strings.hint_playing
        : results.some((result) => result.heard) ? goOn : listen;
    };
    results = trial.clips.map((name, index) => clipButton(name, strings[data.buttons[index]], changed, onSkip));
    element("clips").replaceChildren(...results.map((result) => result.button));

    element("scale").replaceChildren(...data.labels.map((text, index) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = "score";
      input.value = String(data.lowest + index);
      input.addEventListener("change", () => { element("next").disabled = false; });
      label.append(input, document.createTextNode(text));
      return label;
    }));
    const keys = {};
    const letters = ["a", "b", "x"].slice(0, results.length);
    results.forEach((result, index) => { keys[letters[index]] = result.play; });
    data.labels.forEach((_, index) => {
      keys[String(index + 1)] = () => {
        const input = element("scale").querySelectorAll("input")[index];
        if (!element("answers").disabled) { input.focus(); input.click(); }
      };
    });
    element("keys").textContent = words("keys", { play: letters.join(", ").toUpperCase(), answers: `1–${data.labels.length}` });
    return {
      results,
      keys,
      answer() {
        const chosen = element("scale").querySelector("input:checked");
        return !chosen || element("answers").disabled ? null : { score_raw: Number(chosen.value) };
      },
    };
  }

  return { show, scores: (_, answer) => [answer?.score_raw ?? null] };
}
