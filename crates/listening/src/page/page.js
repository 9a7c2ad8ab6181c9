"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const pages = ["code", "consent", "volume", "trial", "end"];
  const ordinal = data.comparison ? ["first", "second"] : ["the"];
  const prefix = `mynah-listening:${data.design}:`;
  let session = null;
  let trials = [];
  let audios = [];

  // Answers are kept in the browser. Where that is forbidden the test still works, with a warning.
  const store = {
    get(key) {
      try { return window.localStorage.getItem(prefix + key); } catch { return null; }
    },
    set(key, value) {
      try {
        window.localStorage.setItem(prefix + key, value);
        return true;
      } catch {
        element("storage-notice").hidden = false;
        return false;
      }
    },
  };

  function show(name) {
    for (const audio of audios) audio.pause();
    audios = [];
    for (const page of pages) element(`page-${page}`).hidden = page !== name;
    element("status").textContent = "";
    const section = element(`page-${name}`);
    for (const error of section.querySelectorAll(".error")) error.textContent = "";
    section.querySelector("h1").focus();
    window.scrollTo(0, 0);
  }

  function paragraphs(id, text) {
    element(id).replaceChildren(...text.split(/\n\s*\n/).map((part) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = part.trim();
      return paragraph;
    }));
  }

  // A clip with its button. It always plays from the beginning; only one clip sounds at a time.
  function clip(name, button, label, onChange) {
    const audio = new Audio(`clips/${name}.wav`);
    audio.preload = "auto";
    const state = document.createElement("span");
    state.className = "state";
    button.replaceChildren(document.createTextNode(label), state);
    const result = { plays: 0, heard: false };
    const describe = () => {
      const playing = !audio.paused && !audio.ended;
      button.classList.toggle("playing", playing);
      state.textContent = playing ? "playing" : result.heard ? "heard, play again" : result.plays ? "not heard to the end" : "not heard yet";
    };
    const fail = () => {
      const message = `A clip cannot be played (${name}.wav). Please reload the page; if that does not help, tell the person who invited you.`;
      button.closest("section").querySelector(".error").textContent = message;
    };
    audio.addEventListener("error", fail);
    for (const event of ["play", "pause"]) audio.addEventListener(event, describe);
    audio.addEventListener("ended", () => {
      result.heard = true;
      describe();
      onChange();
    });
    button.onclick = () => {
      for (const other of audios) if (other !== audio) other.pause();
      audio.currentTime = 0;
      audio.play().then(() => { result.plays += 1; }, (error) => { if (error.name !== "AbortError") fail(); });
    };
    audios.push(audio);
    describe();
    return result;
  }

  function save() {
    const kept = store.set(session.rater, JSON.stringify(session));
    element("storage-notice").hidden = kept;
  }

  function enter(code) {
    const rater = Object.keys(data.sessions).find((known) => known.toLowerCase() === code.trim().toLowerCase());
    if (!rater) return false;
    trials = data.sessions[rater];
    let saved = null;
    try { saved = JSON.parse(store.get(rater)); } catch { /* What cannot be read is not there. */ }
    const usable = saved && saved.design === data.design && saved.rater === rater && Array.isArray(saved.answers)
      && saved.answers.every((answer, page) => page < trials.length && answer.trial === trials[page].id);
    if (usable) {
      session = saved;
    } else {
      session = {
        format: 1, study: data.study, design: data.design, rater, started: new Date().toISOString(), finished: null,
        user_agent: navigator.userAgent, answers: [],
      };
    }
    try { window.sessionStorage.setItem(`${prefix}rater`, rater); } catch { /* Then the code is asked for again. */ }
    if (session.answers.length === 0) {
      show("consent");
    } else {
      advance();
      element("status").textContent = `Welcome back: ${session.answers.length} of ${trials.length} answers are kept.`;
    }
    return true;
  }

  function showVolume() {
    show("volume");
    element("volume-done").disabled = true;
    clip(data.volume, element("volume-play"), "Play the clip", () => { element("volume-done").disabled = false; });
  }

  function advance() {
    if (session.answers.length < trials.length) showTrial(); else showEnd();
  }

  function showTrial() {
    show("trial");
    const page = session.answers.length;
    const trial = trials[page];
    const opened = performance.now();
    const names = data.comparison ? [trial.first, trial.second] : [trial.first];
    element("progress").max = trials.length;
    element("progress").value = page;
    element("progress-text").textContent = `Step ${page + 1} of ${trials.length}`;
    element("answers").disabled = true;
    element("next").disabled = true;
    element("hint").textContent = data.comparison
      ? "Listen to both clips to the end, then answer." : "Listen to the clip to the end, then answer.";
    let results = [];
    const heard = () => {
      const open = results.length === names.length && results.every((result) => result.heard);
      if (open && element("answers").disabled) {
        element("answers").disabled = false;
        element("hint").textContent = "You can answer now, or listen again.";
      } else if (!open) {
        element("hint").textContent = "Now play the other clip.";
      }
    };
    const buttons = names.map(() => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "play";
      return button;
    });
    element("clips").replaceChildren(...buttons);
    results = names.map((name, index) => clip(name, buttons[index], `Play ${ordinal[index]} clip`, heard));

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
    element("trial-form").onsubmit = (event) => {
      event.preventDefault();
      const chosen = element("scale").querySelector("input:checked");
      if (!chosen || element("answers").disabled) return;
      session.answers.push({
        trial: trial.id, page, first: trial.first, second: trial.second ?? null, score_raw: Number(chosen.value),
        plays_first: results[0].plays, plays_second: data.comparison ? results[1].plays : null,
        milliseconds: Math.round(performance.now() - opened),
      });
      if (session.answers.length === trials.length) session.finished = new Date().toISOString();
      save();
      advance();
    };
  }

  function showEnd() {
    show("end");
    element("text").value = content();
  }

  function content() {
    return `${JSON.stringify(session, null, 1)}\n`;
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content()], { type: "application/json" }));
    link.download = `ratings-${data.study}-${session.rater}.json`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    element("status").textContent = `${link.download} was handed to your browser's downloads.`;
  }

  async function copy() {
    const text = element("text");
    let copied = false;
    try {
      await navigator.clipboard.writeText(text.value);
      copied = true;
    } catch {
      text.closest("details").open = true;
      text.focus();
      text.select();
      try { copied = document.execCommand("copy"); } catch { /* Then the text is selected at least. */ }
    }
    element("status").textContent = copied
      ? "Copied. Paste it into a message to the person who invited you."
      : "Your browser does not allow copying: the text is selected, copy it with the keyboard.";
  }

  element("question").textContent = data.question;
  element("legend").textContent = data.comparison ? "The second clip, compared with the first, is" : "The clip is";
  paragraphs("consent", data.consent);
  paragraphs("instructions", data.instructions);
  element("agree").onclick = showVolume;
  element("volume-done").onclick = () => { save(); advance(); };
  element("download").onclick = download;
  element("save").onclick = download;
  element("copy").onclick = copy;
  for (const button of document.querySelectorAll(".another")) {
    button.onclick = () => {
      try { window.sessionStorage.removeItem(`${prefix}rater`); } catch { /* Nothing was kept. */ }
      element("code").value = "";
      show("code");
      element("code").focus();
    };
  }
  element("code-form").onsubmit = (event) => {
    event.preventDefault();
    if (!enter(element("code").value)) {
      element("code-error").textContent = "This code is not known. Please check it with the person who invited you.";
      element("code").focus();
    }
  };

  const given = new URLSearchParams(window.location.search).get("rater");
  let earlier = null;
  try { earlier = window.sessionStorage.getItem(`${prefix}rater`); } catch { /* Then the code is asked for. */ }
  if (!(given && enter(given)) && !(!given && earlier && enter(earlier))) {
    show("code");
    if (given) element("code-error").textContent = `The code ${given} is not known. Please check it with the person who invited you.`;
    element("code").focus();
  }
})();
