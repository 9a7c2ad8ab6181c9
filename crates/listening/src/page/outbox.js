// The server's side of a session, where there is a server. Every page's answer is one message, which is sent until the
// server says that it is stored; sending it again changes nothing.
function createServer(address, bundle) {
  const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const slowest = 30000;

  // Resolves to {status, content}; status 0 stands for no answer at all.
  async function post(path, content) {
    try {
      const response = await fetch(`${address}${path}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ bundle, ...content }), keepalive: true,
      });
      let answer = null;
      try { answer = await response.json(); } catch { /* A proxy's error page. */ }
      const wait = Number(response.headers.get("Retry-After")) * 1000 || 0;
      // Only our server's own words are a refusal.
      return { status: answer?.code || response.ok ? response.status : 0, content: answer ?? {}, wait };
    } catch {
      return { status: 0, content: {}, wait: 0 };
    }
  }

  const isTemporary = ({ status }) => status === 0 || status === 429 || status >= 500;

  // Sends until there is a lasting answer.
  async function insist(path, content, onWait) {
    for (let delay = 1000; ; delay = Math.min(slowest, 2 * delay)) {
      const answer = await post(path, content);
      if (!isTemporary(answer)) return answer;
      onWait();
      await pause(Math.max(answer.wait, delay * (0.75 + Math.random() / 2)));
    }
  }

  // Sends what `unsent` lists, one message at a time, until nothing is left. onKept learns of each that is stored, with the
  // content that counts; onRefused of one that never will be.
  function createOutbox(token, { unsent, onKept, onRefused, onState }) {
    let running = null;
    async function run() {
      for (;;) {
        const next = unsent()[0];
        if (!next) break;
        const { status, content } = await insist("page", { token: token(), page: next.key, answer: next.answer }, () => onState(true));
        if (status === 200) onKept(next.key, next.answer);
        else if (status === 409 && content.stored) onKept(next.key, content.stored);
        else if (!onRefused(next.key, content.error ?? `status ${status}`)) break;
      }
      onState(false);
    }
    return {
      flush() {
        running ??= run().finally(() => { running = null; });
        return running;
      },
    };
  }

  return { post, insist, createOutbox };
}
