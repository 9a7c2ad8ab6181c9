// A step with a slider for each of its clips but the first, which is the open reference (choice.js has the same form).
function createStep({ data, element, words, clipButton }) {
  const { strings } = data;

  // The label for a score: those of the protocol share the scale evenly.
  const labelOf = (score) => {
    const share = (score - data.lowest) / (data.highest - data.lowest);
    return data.labels[Math.min(data.labels.length - 1, Math.floor(share * data.labels.length))];
  };

  function slider(number) {
    const row = document.createElement("div");
    row.className = "stimulus";
    const input = document.createElement("input");
    input.type = "range";
    input.id = `slider-${number}`;
    input.min = String(data.lowest);
    input.max = String(data.highest);
    input.step = "1";
    input.value = String(Math.round((data.lowest + data.highest) / 2));
    // It waits for its clip, so that nothing is rated unheard.
    input.disabled = true;
    input.setAttribute("aria-label", words("slider", { number }));
    input.setAttribute("aria-valuetext", strings.not_rated);
    const output = document.createElement("output");
    output.htmlFor = input.id;
    output.textContent = strings.not_rated;
    return { row, input, output, moved: false };
  }

  function show(trial, onSkip) {
    element("answers").disabled = false;
    const [reference, ...stimuli] = trial.clips;
    let results = [];
    let sliders = [];
    // The stimulus whose slider gets the focus as soon as it plays, since it was asked for by its key.
    let wanted = null;
    const isDone = () => results.every((result) => result.heard) && sliders.every((one) => one.moved);
    const changed = () => {
      if (results.length === 0) return;
      sliders.forEach((one, index) => {
        if (results[index + 1].tally.plays === 0) return;
        one.input.disabled = false;
        if (wanted === index) { wanted = null; one.input.focus(); }
      });
      const done = isDone();
      element("next").disabled = !done;
      const clips = results.filter((result) => !result.heard).length;
      const unmoved = sliders.filter((one) => !one.moved).length;
      const hint = done ? strings.hint_answer : words("hint_sliders", { clips, sliders: unmoved });
      if (element("hint").textContent !== hint) element("hint").textContent = hint;
    };
    const move = (one) => {
      one.moved = true;
      const score = Number(one.input.value);
      const label = labelOf(score);
      const number = document.createElement("strong");
      number.textContent = String(score);
      one.output.replaceChildren(number, ` ${label}`);
      one.input.setAttribute("aria-valuetext", `${score}, ${label}`);
      one.row.classList.add("moved");
      changed();
    };
    sliders = stimuli.map((_, index) => slider(index + 1));
    results = [reference, ...stimuli].map((name, index) => clipButton(
      name, index === 0 ? strings.play_reference : words("play_stimulus", { number: index }), changed, onSkip,
    ));
    for (const [index, one] of sliders.entries()) {
      one.input.addEventListener("input", () => move(one));
      // A click that leaves the slider where it is, is an answer too.
      one.input.addEventListener("pointerup", () => { if (!one.input.disabled) move(one); });
      one.row.append(results[index + 1].button, one.input, one.output);
    }
    const bands = document.createElement("div");
    bands.className = "bands";
    bands.setAttribute("aria-hidden", "true");
    bands.append(...data.labels.map((text) => {
      const band = document.createElement("span");
      band.textContent = text;
      return band;
    }));
    element("clips").replaceChildren(results[0].button);
    element("scale").replaceChildren(bands, ...sliders.map((one) => one.row));
    const keys = { r: results[0].play, 0: results[0].play };
    sliders.slice(0, 9).forEach((one, index) => {
      keys[String(index + 1)] = () => {
        wanted = index;
        results[index + 1].play();
        changed();
      };
    });
    element("keys").textContent = words("keys_sliders", { clips: sliders.length > 1 ? `1–${Math.min(9, sliders.length)}` : "1" });
    changed();
    return {
      results,
      keys,
      answer: () => isDone() ? { scores_raw: sliders.map((one) => Number(one.input.value)) } : null,
    };
  }

  return {
    show,
    scores: (trial, answer) => trial.clips.slice(1).map((_, index) => answer?.scores_raw?.[index] ?? null),
  };
}
