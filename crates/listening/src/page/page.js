(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const pages = ["code", "elsewhere", "consent", "volume", "trial", "end"];
  const ordinal = data.comparison ? ["first", "second"] : ["the"];
  // Answers to other clips are other answers, also where the questions are the same.
  const prefix = `mynah-listening:${data.bundle}:`;
  let session = null;
  let trials = [];
  let audios = [];

  // Answers are kept in the browser. Where that is forbidden the test still works, with a warning.
  const store = createStore(prefix, () => { element("storage-notice").hidden = false; });
  let hold = null;

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

  // The session of a rater as the browser keeps it; null when there is none.
  function stored(rater, pagesOfRater) {
    const text = store.get(rater);
    if (text === null) return null;
    let saved = null;
    try { saved = JSON.parse(text); } catch { /* What cannot be read is kept aside. */ }
    if (saved?.bundle !== data.bundle || saved.rater !== rater || !Array.isArray(saved.answers)) {
      store.set(`${rater}:unreadable:${Date.now()}`, text);
      return null;
    }
    saved.answers = saved.answers.filter((answer) => answer && answer.trial === pagesOfRater[answer.page]?.id);
    return saved;
  }

  // Takes into the session what is stored of it: answers never become fewer.
  function merge() {
    const saved = stored(session.rater, trials);
    if (!saved) return;
    session.answers = mergeAnswers(session.answers, saved.answers);
    if (saved.started < session.started) session.started = saved.started;
    session.finished ??= saved.finished;
  }

  function save() {
    merge();
    const kept = store.set(session.rater, JSON.stringify(session));
    element("storage-notice").hidden = kept;
  }

  // Another tab has written: what it does not have is put back.
  store.watch((key) => {
    if (!session || key !== session.rater) return;
    merge();
    const there = stored(session.rater, trials)?.answers ?? [];
    if (JSON.stringify(there) !== JSON.stringify(session.answers)) save();
  });

  const find = (code) => Object.keys(data.sessions).find((known) => known.toLowerCase() === code.trim().toLowerCase());

  // Begins or goes on with a session, unless another tab has it.
  async function enter(rater, takeOver) {
    hold?.release();
    const mine = createHold(rater, store, () => showElsewhere(rater));
    hold = mine;
    element("status").textContent = "One moment please.";
    const granted = await mine.take(takeOver);
    if (hold !== mine) return;
    try { window.sessionStorage.setItem(`${prefix}rater`, rater); } catch { /* Then the code is asked for again. */ }
    if (!granted) {
      showElsewhere(rater);
      return;
    }
    trials = data.sessions[rater];
    const earlier = session?.rater === rater ? session : null;
    session = stored(rater, trials) ?? {
      format: 1, study: data.study, design: data.design, bundle: data.bundle, rater, started: new Date().toISOString(), finished: null,
      user_agent: navigator.userAgent, answers: [],
    };
    if (earlier) {
      session.answers = mergeAnswers(session.answers, earlier.answers);
      save();
    }
    if (session.answers.length === 0) {
      show("consent");
    } else {
      advance();
      element("status").textContent = `Welcome back: ${session.answers.length} of ${trials.length} answers are kept.`;
    }
  }

  function showElsewhere(rater) {
    show("elsewhere");
    element("take-over").onclick = () => { enter(rater, true); };
  }

  function showVolume() {
    show("volume");
    element("volume-done").disabled = true;
    clip(data.volume, element("volume-play"), "Play the clip", () => { element("volume-done").disabled = false; });
  }

  function advance() {
    const answered = new Set(session.answers.map((answer) => answer.page));
    const page = trials.findIndex((_, index) => !answered.has(index));
    if (page >= 0) showTrial(page); else showEnd();
  }

  function showTrial(page) {
    show("trial");
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
      if (!chosen || element("answers").disabled || !hold.held()) return;
      const answer = {
        trial: trial.id, page, first: trial.first, second: trial.second ?? null,
        content_first: data.contents[trial.first], content_second: data.contents[trial.second] ?? null,
        score_raw: Number(chosen.value),
        plays_first: results[0].plays, plays_second: data.comparison ? results[1].plays : null,
        milliseconds: Math.round(performance.now() - opened), answered: new Date().toISOString(),
      };
      session.answers = mergeAnswers(session.answers, [answer]);
      merge();
      if (session.answers.length === trials.length) session.finished ??= answer.answered;
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
    merge();
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
      hold?.release();
      hold = null;
      session = null;
      element("code").value = "";
      show("code");
      element("code").focus();
    };
  }
  element("code-form").onsubmit = (event) => {
    event.preventDefault();
    const rater = find(element("code").value);
    if (rater) {
      enter(rater, false);
    } else {
      element("code-error").textContent = "This code is not known. Please check it with the person who invited you.";
      element("code").focus();
    }
  };

  const given = new URLSearchParams(window.location.search).get("rater");
  let earlier = null;
  try { earlier = window.sessionStorage.getItem(`${prefix}rater`); } catch { /* Then the code is asked for. */ }
  const known = find(given ?? earlier ?? "");
  if (known) {
    enter(known, false);
  } else {
    show("code");
    if (given) element("code-error").textContent = `The code ${given} is not known. Please check it with the person who invited you.`;
    element("code").focus();
  }
})();
