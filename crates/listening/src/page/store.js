"use strict";
// What the browser keeps of a session, and the one tab that may add to it.

// Keys and values under a prefix. Where storage is forbidden everything still works, and onRefused is told.
function createStore(prefix, onRefused) {
  return {
    prefix,
    get(key) {
      try { return window.localStorage.getItem(prefix + key); } catch { return null; }
    },
    set(key, value) {
      try {
        window.localStorage.setItem(prefix + key, value);
        return true;
      } catch {
        onRefused();
        return false;
      }
    },
    remove(key) {
      try { window.localStorage.removeItem(prefix + key); } catch { /* Then there was nothing. */ }
    },
    // Calls back when another tab has written a key.
    watch(listener) {
      window.addEventListener("storage", (event) => {
        if (event.key?.startsWith(prefix)) listener(event.key.slice(prefix.length));
      });
    },
  };
}

// The answers of two copies of one session: every page that either has, and of two answers to a page the one that a server
// keeps, else the later one. The order of the copies does not matter, so that all tabs arrive at the same.
function mergeAnswers(some, others) {
  const byPage = new Map();
  const rank = (answer) => `${answer.kept ? 1 : 0} ${answer.answered ?? ""} ${JSON.stringify(answer)}`;
  for (const answer of [...some, ...others]) {
    const other = byPage.get(answer.page);
    if (!other || rank(answer) > rank(other)) byPage.set(answer.page, answer);
  }
  return [...byPage.values()].sort((a, b) => a.page - b.page);
}

// The right to add to a session. One tab has it until that tab is closed or another one takes it over; onLost says so.
// The browser's own locks where it has them, else a note in the storage that its holder renews.
function createHold(name, store, onLost) {
  const tab = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const note = `${name}:holder`;
  const question = `${name}:question`;
  const renewal = 1000;
  const fresh = 3 * renewal;
  const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  let held = false;
  let letGo = () => {};

  function lose() {
    if (!held) return;
    held = false;
    onLost();
  }

  // Whether it was granted; null where the browser has no locks for this page.
  function lockOnce(steal) {
    return new Promise((resolve) => {
      let asked = null;
      try {
        asked = navigator.locks.request(store.prefix + name, steal ? { steal: true } : { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          if (lock === null) return null;
          held = true;
          return new Promise((release) => { letGo = () => { held = false; release(); }; });
        });
      } catch {
        resolve(null);
        return;
      }
      // Refused before it was granted: there are no locks here. Afterwards: another tab has taken it over.
      asked.catch(() => { resolve(null); lose(); });
    });
  }

  const holder = () => { try { return JSON.parse(store.get(note)); } catch { return null; } };
  const isMine = () => holder()?.tab === tab;
  const sign = () => store.set(note, JSON.stringify({ tab, time: Date.now() }));

  async function signOnce(steal) {
    const other = holder();
    if (other && other.tab !== tab && !steal) {
      if (Date.now() - other.time < fresh) return false;
      // Browsers slow down tabs that nobody looks at: its holder may live, and answers when it is asked.
      store.set(question, tab);
      await pause(renewal);
      if (holder()?.time > other.time) return false;
    }
    // Without storage there is nothing to share.
    if (!sign()) { held = true; return true; }
    // Of two tabs that sign at once, the later one has it.
    await pause(renewal / 10);
    if (!isMine()) return false;
    held = true;
    const timer = setInterval(() => { if (isMine()) sign(); else lose(); }, renewal);
    const leave = () => { if (held && isMine()) store.remove(note); };
    window.addEventListener("pagehide", leave);
    store.watch((key) => {
      if (!held) return;
      if (key === note && !isMine()) lose();
      if (key === question && isMine()) sign();
    });
    letGo = () => { clearInterval(timer); leave(); held = false; };
    return true;
  }

  return {
    held: () => held,
    // Whether this tab has it now. A page that is just being left may have it for a moment longer.
    async take(steal) {
      for (let attempt = 0; attempt < 4; attempt += 1) {
        if (attempt > 0) await pause(renewal / 4);
        const granted = (await lockOnce(steal)) ?? (await signOnce(steal));
        if (granted) return true;
      }
      return false;
    },
    release() { letGo(); },
  };
}
