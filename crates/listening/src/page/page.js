(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { strings, settings } = data;
  const element = (id) => document.getElementById(id);
  const pages = ["code", "closed", "elsewhere", "consent", "questions", "headphones", "volume", "trial", "break", "comments", "end"];
  const served = data.sessions === undefined;
  // Answers to other clips are other answers, also where the questions are the same.
  const prefix = `mynah-listening:${data.bundle}:`;
  const parameters = new URLSearchParams(window.location.search);
  const sound = createSound();
  const server = served ? createServer(data.api, data.bundle) : null;
  // The time that an answer takes besides its clips until there is experience, in milliseconds.
  const usual = 6000;
  let session = null;
  let trials = [];
  let clips = {};
  let token = null;
  let outbox = null;
  let hold = null;
  let keys = {};

  // Answers are kept in the browser. Where that is forbidden the test still works, with a warning.
  const store = createStore(prefix, () => { element("storage-notice").hidden = false; });

  const words = (key, values = {}) => strings[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const step = createStep({ data, element, words, clipButton });

  function show(name) {
    sound.stop();
    keys = {};
    for (const page of pages) element(`page-${page}`).hidden = page !== name;
    element("status").textContent = "";
    const section = element(`page-${name}`);
    for (const error of section.querySelectorAll(".error")) error.textContent = "";
    for (const trouble of section.querySelectorAll(".trouble")) trouble.hidden = true;
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

  function button(text, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.onclick = action;
    return made;
  }

  // A clip with its button. It plays from the beginning, and to its end unless another one is played. onChange is called
  // with every change; onSkip, where there is one, gives up on a clip that cannot be had.
  function clipButton(name, label, onChange, onSkip) {
    const clip = { name, sha256: clips[name].sha256, milliseconds: clips[name].milliseconds };
    const made = document.createElement("button");
    made.type = "button";
    made.className = "play";
    const state = document.createElement("span");
    state.className = "state";
    made.append(document.createTextNode(label), state);
    const result = { tally: sound.newTally(), heard: false, playing: false, failure: null, duration: 0, button: made };
    let failures = 0;
    const section = () => made.closest("section");
    const describe = (loading) => {
      made.classList.toggle("playing", result.playing);
      state.textContent = strings[loading ? "state_loading" : result.playing ? "state_playing" : result.heard ? "state_heard"
        : result.tally.plays ? "state_partly" : "state_new"];
      // A clip that was stopped by the next page does not open that page.
      if (document.contains(made)) onChange();
    };
    const fail = (key, reason) => {
      failures += 1;
      result.failure = reason;
      const shown = section();
      if (!shown || shown.hidden) return;
      shown.querySelector(".error").textContent = words(key, { reason });
      const trouble = shown.querySelector(".trouble");
      const choices = [button(strings.try_again, () => { trouble.hidden = true; result.play(); })];
      // Nobody is stuck: what was tried twice may be left out.
      if (failures > 1 && onSkip) choices.push(button(strings.skip, () => onSkip(`${name}: ${reason}`)));
      trouble.replaceChildren(...choices);
      trouble.hidden = false;
    };
    result.play = async () => {
      // A second click on a clip that plays is a slip.
      if (result.playing || !document.contains(made)) return;
      sound.stop();
      describe(true);
      let loaded;
      try {
        loaded = await sound.load(clip);
      } catch (error) {
        describe();
        fail("clip_failed", error.message);
        return;
      }
      if (!document.contains(made) || section().hidden) return;
      result.duration = Math.round(1000 * loaded.seconds);
      const outcome = await sound.play(loaded, result.tally, () => { result.playing = true; describe(); });
      result.playing = false;
      if (outcome === "whole") {
        result.heard = true;
        result.failure = null;
        section().querySelector(".error").textContent = "";
        section().querySelector(".trouble").hidden = true;
      } else if (outcome !== "stopped") {
        fail("sound_failed", outcome);
      }
      describe();
    };
    made.onclick = result.play;
    // What is heard of a clip, for the answer.
    result.account = () => ({ clip: name, sha256: sound.verified ? clip.sha256 : null, duration_ms: result.duration, ...result.tally });
    state.textContent = strings.state_new;
    return result;
  }

  // The session of a rater as the browser keeps it; null when there is none.
  function stored(rater) {
    const text = store.get(rater);
    if (text === null) return null;
    let saved = null;
    try { saved = JSON.parse(text); } catch { /* What cannot be read is kept aside. */ }
    if (saved?.bundle !== data.bundle || saved.rater !== rater || !Array.isArray(saved.answers)) {
      store.set(`${rater}:unreadable:${Date.now()}`, text);
      return null;
    }
    saved.answers = saved.answers.filter((answer) => answer && answer.trial === trials[answer.page]?.id);
    saved.forms ??= {};
    saved.acknowledged ??= [];
    return saved;
  }

  // Takes into the session what is stored of it: answers never become fewer.
  function merge() {
    const saved = stored(session.rater);
    if (!saved) return;
    session.answers = mergeAnswers(session.answers, saved.answers);
    session.forms = { ...saved.forms, ...session.forms };
    session.acknowledged = [...new Set([...session.acknowledged, ...saved.acknowledged])];
    if (saved.started < session.started) session.started = saved.started;
    session.finished ??= saved.finished;
  }

  function save() {
    merge();
    const kept = store.set(session.rater, JSON.stringify(session));
    element("storage-notice").hidden = kept;
    outbox?.flush();
    if (!element("sending-notice").hidden) sayUnsent();
  }

  function sayUnsent() {
    element("sending-notice").textContent = words("unsent", { count: unsent().length });
  }

  // Another tab has written: what it does not have is put back.
  store.watch((key) => {
    if (!session || key !== session.rater) return;
    merge();
    const there = stored(session.rater);
    if (JSON.stringify([there?.answers, there?.forms]) !== JSON.stringify([session.answers, session.forms])) save();
  });

  function unsent() {
    const acknowledged = new Set(session.acknowledged);
    const forms = Object.entries(session.forms).map(([key, answer]) => ({ key, answer }));
    const answers = session.answers.map((answer) => ({ key: answer.trial, answer }));
    return [...forms, ...answers].filter(({ key }) => !acknowledged.has(key));
  }

  // What the server keeps counts, whatever is kept here.
  function keep(key, answer) {
    if (answer.trial === key) session.answers = mergeAnswers(session.answers, [{ ...answer, kept: true }]);
    else session.forms[key] = answer;
    if (!session.acknowledged.includes(key)) session.acknowledged.push(key);
  }

  function createSessionOutbox() {
    return server.createOutbox(() => token, {
      unsent,
      onKept(key, answer) {
        keep(key, answer);
        merge();
        store.set(session.rater, JSON.stringify(session));
      },
      onRefused(key, reason) {
        const notice = element("sending-notice");
        notice.textContent = words("refused", { reason });
        notice.hidden = false;
        return false;
      },
      onState(waiting) {
        if (!waiting && unsent().length > 0) return;
        sayUnsent();
        element("sending-notice").hidden = !waiting;
        if (!element("page-end").hidden) describeEnd();
      },
    });
  }

  const codeOf = (text) => text.toLowerCase().replace(/[\s-]/g, "").replace(/o/g, "0").replace(/[il]/g, "1");
  const hashOf = (code) => sha256(new TextEncoder().encode(`${data.design}:${codeOf(code)}`).buffer).slice(0, 32);

  // Begins or goes on with a session, unless another tab has it.
  async function enter(found, takeOver) {
    const { rater } = found;
    hold?.release();
    const mine = createHold(rater, store, () => showElsewhere(found));
    hold = mine;
    element("status").textContent = strings.one_moment;
    const granted = await mine.take(takeOver);
    if (hold !== mine) return;
    if (!granted) {
      showElsewhere(found);
      return;
    }
    trials = found.pages;
    clips = Object.assign({}, found.clips, ...data.practice.map((exercise) => exercise.files));
    token = found.token;
    const earlier = session?.rater === rater ? session : null;
    const number = found.number ?? null;
    session = stored(rater) ?? {
      format: 2, study: data.study, design: data.design, bundle: data.bundle, rater, number, started: new Date().toISOString(), finished: null,
      user_agent: navigator.userAgent, verified: sound.verified, forms: {}, answers: [], acknowledged: [],
    };
    if (!sound.verified) session.verified = false;
    if (earlier) session.answers = mergeAnswers(session.answers, earlier.answers);
    if (served) {
      // What the server has now is what counts as stored, even if it once had more.
      session.acknowledged = [];
      for (const [key, answer] of Object.entries(found.stored)) keep(key, answer);
      store.set(rater, JSON.stringify(session));
      outbox = createSessionOutbox();
      outbox.flush();
    } else if (earlier) {
      save();
    }
    const n = session.answers.length;
    advance();
    if (n > 0) element("status").textContent = words("welcome_back", { answered: n, steps: trials.length });
  }

  function showElsewhere(found) {
    show("elsewhere");
    element("take-over").onclick = () => { enter(found, true); };
  }

  // Each step in turn, until all have been taken.
  function advance(answered) {
    const done = new Set(session.answers.map((answer) => answer.page));
    const page = trials.findIndex((_, index) => !done.has(index));
    const all = page < 0;
    if (!session.forms.consent) show("consent");
    else if (settings.questions.length > 0 && !session.forms.questions && !all) showQuestions();
    else if (settings.headphone_check && !session.forms.headphones && !all) showHeadphones(0, 0, []);
    else if (!session.forms.device && !all) showVolume();
    else if (data.practice.length > 0 && !session.forms.practice && !all) showPractice(0, []);
    else if (!all && answered && settings.break_every && done.size % settings.break_every === 0) show("break");
    else if (!all) showTrial(page);
    else if (settings.comments && !session.forms.comments) show("comments");
    else showEnd();
  }

  function form(name, content) {
    session.forms[name] = content;
    save();
    advance();
  }

  const now = () => new Date().toISOString();

  function showQuestions() {
    show("questions");
    element("questions").replaceChildren(...settings.questions.map((question) => {
      const group = document.createElement("fieldset");
      group.className = "asked";
      const legend = document.createElement("legend");
      legend.textContent = question.required ? question.text : `${question.text} (${strings.optional})`;
      group.append(legend);
      if (question.answers.length === 0) {
        const input = document.createElement("input");
        input.type = "text";
        input.name = question.id;
        input.maxLength = 1000;
        input.setAttribute("aria-label", question.text);
        group.append(input);
      }
      for (const answer of question.answers) {
        const label = document.createElement("label");
        const input = document.createElement("input");
        input.type = "radio";
        input.name = question.id;
        input.value = answer;
        label.append(input, document.createTextNode(answer));
        group.append(label);
      }
      return group;
    }));
    element("questions-form").onsubmit = (event) => {
      event.preventDefault();
      const given = new FormData(element("questions-form"));
      const answers = {};
      for (const question of settings.questions) {
        const answer = (given.get(question.id) ?? "").trim();
        if (answer === "" && question.required) {
          element("page-questions").querySelector(".error").textContent = strings.questions_missing;
          return;
        }
        answers[question.id] = answer;
      }
      form("questions", { answers, time: now() });
    };
  }

  // Six rounds, of which five must be right, twice at most; the outcome is recorded, and nobody is turned away by it.
  function showHeadphones(round, right, earlier) {
    const rounds = 6;
    const needed = 5;
    if (round === rounds) {
      const attempts = [...earlier, right];
      if (right >= needed || attempts.length === 2) {
        form("headphones", { passed: right >= needed, right: attempts, rounds, time: now() });
        return;
      }
      showHeadphones(0, 0, attempts);
      element("page-headphones").querySelector(".error").textContent = strings.headphones_failed;
      return;
    }
    const error = element("page-headphones").querySelector(".error").textContent;
    show("headphones");
    if (round > 0) element("page-headphones").querySelector(".error").textContent = error;
    element("headphones-round").textContent = words("headphones_round", { step: round + 1, steps: rounds });
    const quiet = Math.floor(Math.random() * 3);
    const reversed = (quiet + 1 + Math.floor(Math.random() * 2)) % 3;
    const buttons = [...element("headphones-answers").querySelectorAll("button")];
    for (const [index, choice] of buttons.entries()) {
      choice.disabled = true;
      choice.onclick = () => showHeadphones(round + 1, right + (index === quiet ? 1 : 0), earlier);
    }
    const begin = element("headphones-play");
    begin.disabled = false;
    begin.onclick = async () => {
      begin.disabled = true;
      await sound.tones(quiet, reversed);
      begin.disabled = false;
      for (const choice of buttons) choice.disabled = false;
    };
    // For the tests of the page, which have no ears.
    element("page-headphones").dataset.round = `${quiet} ${reversed}`;
  }

  function showVolume() {
    show("volume");
    element("volume-done").disabled = true;
    sound.outputs().then((outputs) => {
      element("no-output").hidden = outputs !== 0;
      element("volume-done").onclick = () => form("device", {
        outputs, verified: sound.verified, screen: [window.screen.width, window.screen.height], language: navigator.language, time: now(),
      });
      const clip = clipButton(data.volume, strings.volume_play, () => { if (clip.heard) element("volume-done").disabled = false; },
        () => { element("volume-done").disabled = false; });
      element("volume-clips").replaceChildren(clip.button);
    });
  }

  const audioOf = (page) => trials[page].clips.reduce((sum, name) => sum + clips[name].milliseconds, 0);

  // Minutes that are left at the pace so far.
  function minutesLeft(done) {
    const thinking = session.answers.filter((answer) => answer.milliseconds).map((answer) => answer.milliseconds - audioOf(answer.page));
    thinking.sort((a, b) => a - b);
    const pace = thinking.length > 4 ? Math.max(0, thinking[Math.floor(thinking.length / 2)]) : usual * step.scores(trials[0]).length;
    let sum = 0;
    trials.forEach((_, page) => { if (!done.has(page)) sum += audioOf(page) + pace; });
    return Math.max(1, Math.round(sum / 60000));
  }

  // Shows the page of a trial, also for exercises.
  function showStep(exercise) {
    show("trial");
    element("practice-note").hidden = !exercise;
    element("feedback").hidden = true;
    element("leave-question").hidden = true;
    element("next").textContent = strings[exercise ? "practice_check" : "next"];
    element("next").hidden = false;
    element("next").disabled = true;
  }

  // Exercises look like trials. Every answer is told about, another one may follow, and all are kept as one form.
  function showPractice(index, earlier) {
    showStep(true);
    const exercise = data.practice[index];
    element("progress").max = data.practice.length;
    element("progress").value = index;
    element("progress-text").textContent = words("practice_step", { step: index + 1, steps: data.practice.length });
    element("minutes").textContent = "";
    const given = { id: exercise.id, clicked: [], accepted: null, skipped: null };
    const goOn = () => {
      const answers = [...earlier, given];
      if (answers.length === data.practice.length) form("practice", { answers, time: now() });
      else showPractice(index + 1, answers);
    };
    const shown = step.show(exercise, (reason) => { given.skipped = reason; goOn(); });
    keys = shown.keys;
    for (const name of exercise.clips) sound.load({ name, ...clips[name] }).catch(() => {});
    element("trial-form").onsubmit = (event) => {
      event.preventDefault();
      const content = shown.answer();
      if (!content || element("next").hidden) return;
      const clicked = content.scores_raw ?? content.score_raw ?? content;
      given.clicked.push(clicked);
      given.accepted = exercise.lowest === null ? null : exercise.lowest <= clicked && clicked <= exercise.highest;
      const verdict = { true: strings.practice_right, false: strings.practice_wrong }[given.accepted];
      paragraphs("feedback-text", [verdict, exercise.feedback].filter(Boolean).join("\n\n"));
      element("feedback").hidden = false;
      // Whoever agrees with most has nothing to correct.
      element("next").hidden = given.accepted !== false;
      element("practice-done").classList.toggle("primary", given.accepted !== false);
      if (given.accepted !== false) {
        element("answers").disabled = true;
        element("practice-done").focus();
      }
    };
    element("practice-done").onclick = goOn;
  }

  function showTrial(page) {
    showStep(false);
    const trial = trials[page];
    const opened = performance.now();
    const done = new Set(session.answers.map((answer) => answer.page));
    element("progress").max = trials.length;
    element("progress").value = done.size;
    element("progress-text").textContent = words("step", { step: page + 1, steps: trials.length });
    element("minutes").textContent = words("minutes_left", { minutes: minutesLeft(done) });
    let shown = null;
    const answer = (content) => {
      const given = {
        trial: trial.id, page, score_raw: null, skipped: null, clips: shown.results.map((result) => result.account()),
        milliseconds: Math.round(performance.now() - opened), answered: now(), ...content,
      };
      session.answers = mergeAnswers(session.answers, [given]);
      merge();
      if (session.answers.length === trials.length) session.finished ??= given.answered;
      save();
      advance(true);
    };
    shown = step.show(trial, (reason) => answer({ skipped: reason }));
    keys = shown.keys;
    for (const result of shown.results) sound.load({ name: result.account().clip, ...clips[result.account().clip] }).catch(() => {});
    for (const name of trials[page + 1]?.clips ?? []) sound.load({ name, ...clips[name] }).catch(() => {});
    element("trial-form").onsubmit = (event) => {
      event.preventDefault();
      const content = shown.answer();
      if (content && hold.held()) answer(content);
    };
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.matches("input[type=text], textarea")) return;
    const action = keys[event.key.toLowerCase()];
    if (action) {
      event.preventDefault();
      action();
    } else if (
      event.key === "Enter" && !element("page-trial").hidden && !element("next").disabled
      // Buttons and choices do so by themselves, sliders in some browsers only.
      && (!event.target.matches("button, input") || event.target.matches("input[type=range]"))
    ) {
      event.preventDefault();
      element("trial-form").requestSubmit();
    }
  });

  function showEnd() {
    show("end");
    element("text").value = content();
    element("hand-over").hidden = served;
    element("hand-back").hidden = served;
    if (!served) element("hand-back-code").textContent = handBackCode();
    for (const another of element("page-end").querySelectorAll(".another")) another.hidden = served;
    describeEnd();
  }

  let finishing = false;
  async function describeEnd() {
    if (!served) {
      element("end-text").textContent = strings.end_text;
      return;
    }
    const left = unsent().length;
    if (left > 0) {
      element("end-text").textContent = words("end_sending", { count: left });
      outbox.flush();
      return;
    }
    if (finishing) return;
    finishing = true;
    element("end-text").textContent = strings.one_moment;
    const { status, content: answer } = await server.insist("finish", { token }, () => {});
    finishing = false;
    if (status !== 200) {
      element("end-text").textContent = words("refused", { reason: answer.error ?? `status ${status}` });
      return;
    }
    element("end-text").textContent = strings.end_sent;
    const form = data.entry === "mturk" ? turkForm(answer.completion_code) : null;
    element("completion-form").replaceChildren(...(form ? [form] : []));
    element("completion").hidden = !(answer.completion_code || answer.redirect || form);
    element("completion-code-line").hidden = !answer.completion_code;
    element("completion-code").textContent = answer.completion_code ?? "";
    element("completion-link-line").hidden = !answer.redirect;
    if (answer.redirect) element("completion-link").href = answer.redirect;
  }

  // Mechanical Turk takes a task for done when a form is sent to it.
  function turkForm(code) {
    const address = parameters.get("turkSubmitTo")?.replace(/\/$/, "");
    if (!data.platforms.includes(address)) return null;
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${address}/mturk/externalSubmit`;
    for (const [name, value] of Object.entries({ assignmentId: parameters.get("assignmentId") ?? "", code: code ?? "done" })) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    const send = document.createElement("button");
    send.className = "primary";
    send.textContent = strings.completion_link;
    form.append(send);
    return form;
  }

  // The scores in letters and digits, for people who cannot send a file (crates/listening/src/answers/code.rs).
  function handBackCode() {
    const digits = "0123456789abcdefghjkmnpqrstvwxyz";
    const byPage = new Map(session.answers.map((answer) => [answer.page, answer]));
    const width = Math.max(3, (data.highest - data.lowest + 1).toString(2).length);
    const none = 2 ** width - 1;
    const given = trials.flatMap((trial, page) => step.scores(trial, byPage.get(page)));
    const scores = given.map((score) => score === null ? none : score - data.lowest);
    const written = scores.map((score) => String(score).padStart(String(none).length, "0")).join("");
    const hash = sha256(new TextEncoder().encode(`${data.bundle}:${session.number}:${written}`).buffer);
    const binary = (value, bits) => value.toString(2).padStart(bits, "0");
    let bits = binary(session.number, 16) + scores.map((score) => binary(score, width)).join("") + binary(parseInt(hash.slice(0, 6), 16), 24);
    bits += "0".repeat((5 - bits.length % 5) % 5);
    const letters = bits.match(/.{5}/g).map((five) => digits[parseInt(five, 2)]).join("");
    return `M1-${letters.match(/.{1,5}/g).join("-")}`;
  }

  function content() {
    const { acknowledged, number, ...file } = session;
    return `${JSON.stringify(file, null, 1)}\n`;
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
    element("status").textContent = words("downloaded", { file: link.download });
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
    element("status").textContent = strings[copied ? "copied" : "copy_failed"];
  }

  // Where the session comes from: the page itself, or the server.

  function enterWithCode(code) {
    const found = data.sessions[hashOf(code)];
    if (found) {
      try { window.sessionStorage.setItem(`${prefix}code`, code); } catch { /* Then the code is asked for again. */ }
      enter({ ...found, clips: data.clips }, false);
      return true;
    }
    return false;
  }

  function showClosed(key, retry) {
    show("closed");
    element("closed-text").textContent = strings[key];
    element("retry-entry").hidden = !retry;
    element("retry-entry").onclick = retry ?? null;
  }

  // Asks the server for a session. A participant who comes again gets the same one.
  async function join(code) {
    element("status").textContent = strings.one_moment;
    const entry = Object.fromEntries(parameters);
    if (code) entry.code = code;
    if (data.entry === "open") {
      let visitor = store.get("visitor");
      if (!visitor) {
        visitor = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
        store.set("visitor", visitor);
      }
      entry.visitor = visitor;
    }
    const { status, content: answer } = await server.post("join", { entry });
    if (status === 200) {
      try { if (code) window.sessionStorage.setItem(`${prefix}code`, code); } catch { /* Then the code is asked for again. */ }
      await enter(answer, false);
    } else if (answer.code === "unknown-code") {
      askForCode(code !== null);
    } else if (["full", "left", "entry", "preview"].includes(answer.code)) {
      showClosed(`closed_${answer.code}`, answer.code === "full" ? () => join(code) : null);
    } else {
      // The server may be away for a moment only.
      const timer = setTimeout(() => join(code), 3000);
      showClosed("closed_offline", () => { clearTimeout(timer); join(code); });
    }
  }

  function askForCode(wrong) {
    show("code");
    if (wrong) element("code-error").textContent = strings.code_error;
    element("code").focus();
  }

  for (const part of document.querySelectorAll("[data-text]")) part.textContent = strings[part.dataset.text];
  element("question").textContent = data.question;
  element("legend").textContent = strings[`legend_${data.paradigm}`];
  paragraphs("consent", data.consent);
  paragraphs("instructions", data.instructions);
  element("agree").onclick = () => form("consent", { agreed: now() });
  element("break-done").onclick = () => advance();
  element("comments-form").onsubmit = (event) => {
    event.preventDefault();
    form("comments", { text: element("comments").value.trim(), time: now() });
  };
  element("download").onclick = download;
  element("save").onclick = download;
  element("save").hidden = served;
  element("leave").hidden = !served;
  element("leave").onclick = () => { element("leave-question").hidden = false; element("leave-no").focus(); };
  element("leave-no").onclick = () => { element("leave-question").hidden = true; };
  element("leave-yes").onclick = async () => {
    await outbox.flush();
    await server.insist("leave", { token }, () => {});
    hold?.release();
    showClosed("closed_left", null);
  };
  element("copy").onclick = copy;
  for (const another of document.querySelectorAll(".another")) {
    another.hidden = served && data.entry !== "code";
    another.onclick = () => {
      try { window.sessionStorage.removeItem(`${prefix}code`); } catch { /* Nothing was kept. */ }
      hold?.release();
      hold = null;
      session = null;
      element("code").value = "";
      askForCode(false);
    };
  }
  element("code-form").onsubmit = (event) => {
    event.preventDefault();
    const code = element("code").value;
    if (served) join(code);
    else if (!enterWithCode(code)) askForCode(true);
  };

  let earlier = null;
  try { earlier = window.sessionStorage.getItem(`${prefix}code`); } catch { /* Then the code is asked for. */ }
  const given = parameters.get("code") ?? earlier;
  if (served) {
    if (data.entry === "code" && !given) askForCode(false);
    else join(data.entry === "code" ? given : null);
  } else if (!given || !enterWithCode(given)) {
    askForCode(given !== null);
  }
})();
