// SHA-256 (FIPS 180-4) of an array buffer, in hexadecimal. The browser's own exists on secure pages only.
function sha256(buffer) {
  const bytes = new Uint8Array(buffer);
  const padded = new Uint8Array(((bytes.length + 8 >> 6) + 1) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const { constants, initial } = sha256.tables ??= sha256Tables();
  const hash = Uint32Array.from(initial);
  const w = new Uint32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t += 1) w[t] = view.getUint32(block + 4 * t);
    for (let t = 16; t < 64; t += 1) {
      const [x, y] = [w[t - 15], w[t - 2]];
      w[t] = w[t - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[t - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let t = 0; t < 64; t += 1) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[t] + w[t]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, index) => { hash[index] += value; });
  }
  return Array.from(hash, (word) => word.toString(16).padStart(8, "0")).join("");
}

// The first 32 bits of the fractional parts of cube and square roots of the first primes.
function sha256Tables() {
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) if (primes.every((prime) => n % prime)) primes.push(n);
  const bits = (root) => Math.floor((root - Math.floor(root)) * 0x100000000);
  return {
    constants: Uint32Array.from(primes, (prime) => bits(Math.cbrt(prime))),
    initial: Uint32Array.from(primes.slice(0, 8), (prime) => bits(Math.sqrt(prime))),
  };
}

// Clips and their sound. A clip is {name, sha256, milliseconds}.
//
// From a web host, a clip is fetched whole, compared with its hash, decoded, and played by the clock of the sound device:
// it cannot be cut short, sped up or skipped. A page that was opened from the disk may not read other files, so there the
// browser's own player plays it, what it played is added up, and the answers say that nothing was verified.
function createSound() {
  const verified = window.location.protocol !== "file:";
  // Waiting times before the clip is asked for again, in milliseconds.
  const retries = [500, 2000, 5000];
  const enough = 0.2;
  const clips = new Map();
  let context = null;
  let current = null;

  const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const device = () => { context ??= new AudioContext(); return context; };

  async function fetchOnce(clip, again) {
    const response = await fetch(`clips/${clip.name}.wav`, { cache: again ? "reload" : "default" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const bytes = await response.arrayBuffer();
    if (sha256(bytes) !== clip.sha256) throw new Error(`${bytes.byteLength} wrong bytes`);
    const buffer = await device().decodeAudioData(bytes);
    if (Math.abs(1000 * buffer.duration - clip.milliseconds) > 100) throw new Error(`${buffer.duration} s long`);
    return { buffer, seconds: buffer.duration };
  }

  function openElement(clip) {
    return new Promise((resolve, reject) => {
      const element = new Audio();
      element.preload = "auto";
      element.addEventListener("loadedmetadata", () => {
        if (Math.abs(1000 * element.duration - clip.milliseconds) > 100) reject(new Error(`${element.duration} s long`));
        else resolve({ element, seconds: element.duration });
      });
      element.addEventListener("error", () => reject(new Error(element.error?.message || "no file")));
      element.src = `clips/${clip.name}.wav`;
    });
  }

  async function fetchClip(clip) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await (verified ? fetchOnce(clip, attempt > 0) : openElement(clip));
      } catch (error) {
        if (attempt >= retries.length) throw error;
        await pause(retries[attempt]);
      }
    }
  }

  // The sound of a clip; a clip that could not be had is asked for anew.
  function load(clip) {
    if (!clips.has(clip.name)) {
      const loading = fetchClip(clip);
      clips.set(clip.name, loading);
      loading.catch(() => clips.delete(clip.name));
      // A few pages' worth: sounds take much memory.
      for (const name of clips.keys()) if (clips.size > 30 && name !== clip.name) clips.delete(name);
    }
    return clips.get(clip.name);
  }

  function stop() { current?.stop(); }

  // Adds up for how long the page was hidden.
  function watchHidden() {
    let since = document.hidden ? performance.now() : null;
    let sum = 0;
    const change = () => {
      if (document.hidden) since ??= performance.now();
      else if (since !== null) { sum += performance.now() - since; since = null; }
    };
    document.addEventListener("visibilitychange", change);
    return () => {
      document.removeEventListener("visibilitychange", change);
      return since === null ? sum : sum + performance.now() - since;
    };
  }

  // Plays a clip from its beginning and adds to its tally. Resolves to "whole", "stopped", or the reason of a failure.
  async function play(sound, tally, onStart) {
    stop();
    tally.plays += 1;
    const hidden = watchHidden();
    let result;
    try {
      result = await (sound.buffer ? playBuffer(sound, onStart) : playElement(sound, onStart));
    } catch (error) {
      result = { played: 0, longest: 0, wall: 0, reason: error.message };
    }
    const { played, longest, wall, reason } = result;
    tally.heard_ms += Math.round(1000 * played);
    tally.longest_ms = Math.max(tally.longest_ms, Math.round(1000 * longest));
    tally.gap_ms += Math.max(0, Math.round(1000 * (wall - played)));
    tally.hidden_ms += Math.round(hidden());
    if (longest >= sound.seconds - enough && !reason) tally.whole_plays += 1;
    return reason ?? (longest >= sound.seconds - enough ? "whole" : "stopped");
  }

  // Calls back when a position has stood still for five seconds: then nothing plays. Returns the timer.
  function watchProgress(position, onStuck) {
    let [last, since] = [position(), performance.now()];
    return setInterval(() => {
      const here = position();
      if (here !== last) { last = here; since = performance.now(); }
      if (performance.now() - since > 5000) onStuck();
    }, 250);
  }

  async function playBuffer(sound, onStart) {
    const clock = device();
    let stopped = false;
    let end = () => {};
    const ended = new Promise((resolve) => { end = resolve; });
    const mine = { stop() { stopped = true; end(); } };
    current = mine;
    await Promise.race([clock.resume(), pause(3000)]);
    if (clock.state !== "running") throw new Error("the sound device does not start");
    const source = clock.createBufferSource();
    source.buffer = sound.buffer;
    source.connect(clock.destination);
    source.onended = () => end();
    const [begun, wallBegun] = [clock.currentTime, performance.now()];
    const wall = () => (performance.now() - wallBegun) / 1000;
    source.start();
    onStart();
    let stuck = false;
    const watch = watchProgress(() => {
      if (clock.state !== "running") clock.resume().catch(() => {});
      return clock.currentTime;
    }, () => { stuck = true; end(); });
    await ended;
    clearInterval(watch);
    if (current === mine) current = null;
    const natural = !stopped && !stuck;
    const played = natural ? sound.seconds : Math.min(sound.seconds, clock.currentTime - begun);
    source.onended = null;
    try { source.stop(); } catch { /* It has stopped already. */ }
    source.disconnect();
    // Sound takes its time: whoever hears a clip in less has not heard it.
    const rushed = natural && wall() < sound.seconds - enough;
    return {
      played: rushed ? wall() : played, longest: rushed ? wall() : played, wall: wall(),
      reason: stuck ? "the sound device stands still" : undefined,
    };
  }

  async function playElement(sound, onStart) {
    const { element } = sound;
    let end = () => {};
    const ended = new Promise((resolve) => { end = resolve; });
    const mine = { stop: () => end() };
    current = mine;
    // WebKit's player on Linux may never play after a seek that was not needed.
    if (element.currentTime !== 0) element.currentTime = 0;
    element.playbackRate = 1;
    let [wallBegun, last, stretch, longest, played, failed] = [performance.now(), 0, 0, 0, 0, undefined];
    // What was played is what the position moved in the time that has passed, at most.
    let lastWall = wallBegun;
    const account = () => {
      const [moved, passed] = [element.currentTime - last, (performance.now() - lastWall) / 1000];
      const counts = moved >= 0 && moved <= passed + 0.25 && element.playbackRate === 1;
      played += counts ? moved : 0;
      stretch = counts ? stretch + moved : 0;
      longest = Math.max(longest, stretch);
      last = element.currentTime;
      lastWall = performance.now();
    };
    // Whatever a seek skips is not heard, however late the browser tells of it.
    const skip = () => { [stretch, last, lastWall] = [0, element.currentTime, performance.now()]; };
    const fail = () => { failed = element.error?.message || "the file ends early"; end(); };
    const listeners = { timeupdate: account, seeking: skip, ended: () => { account(); end(); }, error: fail };
    for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
    await Promise.race([element.play(), pause(5000).then(() => { throw new Error("the sound does not start"); })]);
    wallBegun = performance.now();
    lastWall = wallBegun;
    onStart();
    const watch = watchProgress(() => element.currentTime, () => { failed = "the sound stands still"; end(); });
    await ended;
    clearInterval(watch);
    account();
    element.pause();
    for (const [event, listener] of Object.entries(listeners)) element.removeEventListener(event, listener);
    if (current === mine) current = null;
    return { played, longest, wall: (performance.now() - wallBegun) / 1000, reason: failed };
  }

  // Three tones, one of which is quieter; another one is reversed in one ear, so that it nearly cancels out between
  // loudspeakers and is taken for the quietest (Woods et al. 2017, doi 10.3758/s13414-017-1361-2).
  async function tones(quiet, reversed) {
    stop();
    const clock = device();
    await clock.resume();
    const rate = clock.sampleRate;
    const [tone, gap, ramp] = [0.8, 0.4, 0.1];
    const buffer = clock.createBuffer(2, Math.ceil(rate * 3 * (tone + gap)), rate);
    for (let ear = 0; ear < 2; ear += 1) {
      const samples = buffer.getChannelData(ear);
      for (let index = 0; index < 3; index += 1) {
        const level = (index === quiet ? 0.125 : 0.25) * (index === reversed && ear === 1 ? -1 : 1);
        for (let n = 0; n < rate * tone; n += 1) {
          const time = n / rate;
          const edge = Math.min(1, time / ramp, (tone - time) / ramp);
          samples[Math.round(rate * index * (tone + gap)) + n] = level * edge * Math.sin(2 * Math.PI * 200 * time);
        }
      }
    }
    await play({ buffer, seconds: buffer.duration }, newTally(), () => {});
  }

  // The number of sound outputs, where the browser tells.
  async function outputs() {
    try {
      const devices = await navigator.mediaDevices.enumerateDevices();
      const named = devices.filter((one) => one.kind === "audiooutput").length;
      // Firefox and Safari list inputs only.
      return named > 0 || "setSinkId" in AudioContext.prototype ? named : null;
    } catch {
      return null;
    }
  }

  function newTally() {
    return { plays: 0, whole_plays: 0, heard_ms: 0, longest_ms: 0, gap_ms: 0, hidden_ms: 0 };
  }

  return { verified, load, play, stop, tones, outputs, newTally };
}
