/* 留心 Liuxin: the chat of a shop, as one web component without dependencies.
 *
 *   <script src="https://shop.example/widget.js" data-shop="demo" async></script>
 *
 * Optional: data-identity-url, data-product-id, data-title, data-colour (#rrggbb), data-open.
 * Afterwards window.Liuxin = {open(), close(), page({product_id, order_no}), identify(jwt|null), say(text)};
 * the document hears "liuxin:ready" once it is there.
 *
 * From top to bottom: helpers, what is kept in the browser, the gateway's API, the talk (who, lines, stream, outbox),
 * what is drawn, the component, and the start. The talk knows nothing of the page; the drawing knows nothing of HTTP.
 */
(() => {
  "use strict";

  const script = document.currentScript ?? document.querySelector('script[data-shop][src*="widget.js"]');
  if (!script || customElements.get("liuxin-chat")) return;

  const BASE = new URL(script.src).origin;
  const MOST_CHARACTERS = 2000;
  const COUNTER_FROM = 1800;
  const PAGE_OF_LINES = 200;
  const REQUEST_MS = 15_000;
  const SILENCE_MS = 40_000; // the gateway's heartbeat comes every 15 s
  const DOUBTFUL_MS = 20_000;
  const LASTING_MS = 10_000; // a stream that lived this long was no failure
  const TYPING_MS = 12_000;
  const SLEEP_AFTER_HIDDEN_MS = 60_000; // HTTP/1.1 allows six connections a host, shared by all tabs
  const LONGEST_WAIT_S = 120; // told to wait longer than this, the line waits for the shopper's hand
  const TIME_GAP_MS = 5 * 60_000;
  const ANONYMOUS = "anon";

  // ---------------------------------------------------------------- helpers

  /** A version 4 UUID; crypto.randomUUID is missing on plain http. */
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** A short name for a text (FNV-1a, 2 x 32 bits): tells shoppers apart in storage, protects nothing. */
  function hashOf(text) {
    let low = 0x811c9dc5;
    let high = 0x01000193;
    for (const byte of new TextEncoder().encode(text)) {
      low = Math.imul(low ^ byte, 0x01000193);
      high = Math.imul(high ^ byte, 0x85ebca6b);
    }
    return (low >>> 0).toString(36) + (high >>> 0).toString(36);
  }

  /** Whose identity a JWT is. The gateway verifies it; here it only names a place in storage. */
  function subjectOf(jwt) {
    try {
      const middle = jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
      const bytes = Uint8Array.from(atob(middle), (character) => character.charCodeAt(0));
      return String(JSON.parse(new TextDecoder().decode(bytes)).sub);
    } catch {
      return jwt;
    }
  }

  /** The address if it is http or https, else null. Relative ones belong to the gateway. */
  function safeUrl(address) {
    if (typeof address !== "string" || !address) return null;
    try {
      const url = new URL(address, BASE);
      return ["http:", "https:"].includes(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  }

  const asText = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
  const asList = (value) => (Array.isArray(value) ? value : []);
  const lengthOf = (text) => [...text].length;

  /** Runs `work` while no other tab runs its own; a tab that hangs is not waited for longer than 5 s. */
  async function inTurn(name, work) {
    if (!navigator.locks) return work();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 5000);
    let started = false;
    const begin = () => {
      started = true;
      clearTimeout(timer);
      return work();
    };
    try {
      return await navigator.locks.request(name, { signal: patience.signal }, begin);
    } catch (problem) {
      if (started) throw problem;
      return work();
    }
  }

  /** Waits longer after each failure, 0.5 to 15 s with jitter, and can be woken. */
  class Patience {
    failures = 0;
    hurried = false;
    told = false;
    end = null;

    /** `least_s` is a wait the gateway asked for: only `cut` shortens that one. */
    wait(least_s = 0) {
      const growing_s = Math.min(15, 0.5 * 2 ** this.failures++) * (0.5 + Math.random() / 2);
      this.told = least_s > 0;
      if (this.hurried && !this.told) {
        this.hurried = false;
        return Promise.resolve();
      }
      return new Promise((done) => {
        this.end = () => {
          this.end = null;
          done();
        };
        setTimeout(this.end, 1000 * Math.max(least_s, growing_s));
      });
    }

    hurry() {
      this.hurried = true;
      if (!this.told) this.cut();
    }

    cut() {
      if (!this.end) return;
      this.hurried = false;
      this.end();
    }

    reset() {
      this.failures = 0;
    }
  }

  // ---------------------------------------------------------------- kept in the browser

  /** What this browser keeps for one shop. Without localStorage it lasts as long as the page. */
  class Shelf {
    unsaved = new Map();

    constructor(shop) {
      this.prefix = `liuxin:${encodeURIComponent(shop)}:`;
    }

    read(name) {
      try {
        return JSON.parse(this.unsaved.get(name) ?? localStorage.getItem(this.prefix + name));
      } catch {
        return null;
      }
    }

    write(name, value) {
      const text = JSON.stringify(value);
      try {
        localStorage.setItem(this.prefix + name, text);
        this.unsaved.delete(name);
      } catch {
        this.unsaved.set(name, text);
      }
    }

    remove(name) {
      this.unsaved.delete(name);
      try {
        localStorage.removeItem(this.prefix + name);
      } catch {
        // no storage: nothing to remove
      }
    }

    names() {
      const saved = [];
      try {
        saved.push(...Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)));
      } catch {
        // no storage: only what is unsaved
      }
      return [...saved.map((key) => key.slice(this.prefix.length)), ...this.unsaved.keys()];
    }
  }

  /** Lines of one shopper that the gateway has not acknowledged. Each has its own key, so tabs never overwrite. */
  class Outbox {
    constructor(shelf, who) {
      this.shelf = shelf;
      this.place = `${who}:line:`;
    }

    entries() {
      const names = this.shelf.names().filter((name) => name.startsWith(this.place));
      const entries = names.map((name) => this.shelf.read(name)).filter(Boolean);
      return entries.sort((one, other) => one.written_at - other.written_at);
    }

    next() {
      return this.entries().find((entry) => !entry.refused);
    }

    find(client_msg_id) {
      return this.shelf.read(this.place + client_msg_id);
    }

    keep(entry) {
      this.shelf.write(this.place + entry.client_msg_id, entry);
    }

    drop(client_msg_id) {
      this.shelf.remove(this.place + client_msg_id);
    }

    moveTo(other) {
      for (const entry of this.entries()) {
        other.keep(entry);
        this.drop(entry.client_msg_id);
      }
    }
  }

  // ---------------------------------------------------------------- the gateway's API

  /** The gateway answered, and the answer is no. */
  class Refusal extends Error {
    constructor(status, body, retry_after_s) {
      super(`refused with ${status}`);
      this.status = status;
      this.reason = asText(body?.reason);
      this.retry_after_s = retry_after_s;
    }

    /** The conversation is not there any more, or its token does not open it. */
    get gone() {
      return this.status === 401 || this.status === 404;
    }

    get passing() {
      return this.status === 408 || this.status === 429 || this.status >= 500;
    }
  }

  async function refusalFrom(response) {
    const body = await response.json().catch(() => null);
    return new Refusal(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  }

  async function request(path, { method = "GET", token, body, headers = {}, signal } = {}) {
    const all = { ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (body) all["Content-Type"] = "application/json";
    const response = await fetch(BASE + path, {
      method, signal, headers: all, body: body && JSON.stringify(body), credentials: "omit", cache: "no-store",
    });
    if (!response.ok) throw await refusalFrom(response);
    return response;
  }

  async function requestJson(path, options) {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), REQUEST_MS);
    try {
      const response = await request(path, { ...options, signal: deadline.signal });
      return await response.json();
    } finally {
      clearTimeout(timer);
    }
  }

  const linesPath = (conversation) => `/api/conversations/${encodeURIComponent(conversation.id)}/lines`;

  async function createConversation(shop, identity, page, earlierToken) {
    const body = { shop, identity, page };
    const answer = await requestJson("/api/conversations", { method: "POST", token: earlierToken, body });
    return { id: answer.conversation_id, token: answer.token, name: answer.name ?? null };
  }

  function sendLine(conversation, { client_msg_id, text, page }) {
    const body = { client_msg_id, text, page };
    return requestJson(linesPath(conversation), { method: "POST", token: conversation.token, body });
  }

  function linesAfter(conversation, seq) {
    const path = `${linesPath(conversation)}?after=${seq}&limit=${PAGE_OF_LINES}`;
    return requestJson(path, { token: conversation.token });
  }

  function eventFrom(block) {
    const event = { type: "message", data: "" };
    for (const row of block.split(/\r?\n/)) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(row) ?? [];
      if (field === "event") event.type = value;
      if (field === "data") event.data += value;
    }
    return event;
  }

  /** Server-sent events of a response body, as they come. */
  async function* eventsOf(body, onBytes) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      yield* blocks.map(eventFrom).filter((event) => event.data);
    }
  }

  /** One connection to the stream; it ends itself after 40 s without a byte. */
  class Stream {
    constructor(conversation) {
      this.conversation = conversation;
      this.ending = new AbortController();
      this.heard_at = Date.now();
    }

    async *events(after) {
      const watch = setInterval(() => this.silent_ms > SILENCE_MS && this.close(), 1000);
      try {
        const response = await request(`/api/conversations/${encodeURIComponent(this.conversation.id)}/stream`, {
          token: this.conversation.token,
          headers: { Accept: "text/event-stream", "Last-Event-ID": String(after) },
          signal: this.ending.signal,
        });
        yield { type: "connected", data: "null" };
        yield* eventsOf(response.body, () => (this.heard_at = Date.now()));
      } finally {
        clearInterval(watch);
        this.close();
      }
    }

    get silent_ms() {
      return Date.now() - this.heard_at;
    }

    close() {
      this.ending.abort();
    }
  }

  /** Who the storefront says the shopper is: a JWT, null (nobody), or undefined (it did not answer). */
  class Identity {
    given = undefined;

    constructor(url) {
      this.url = url;
    }

    async current() {
      if (this.given !== undefined) return this.given;
      return this.url ? this.ask() : null;
    }

    /** Another token after one was not accepted: each may be shown only once. */
    async another() {
      if (!this.url) return null;
      this.given = undefined;
      return this.ask();
    }

    async ask() {
      try {
        const response = await fetch(this.url, { credentials: "same-origin", cache: "no-store" });
        return response.ok ? ((await response.json()).identity ?? null) : undefined;
      } catch {
        return undefined;
      }
    }
  }

  // ---------------------------------------------------------------- the talk

  /** One shopper's conversation: enters it, follows its stream, sends what was typed, and survives what happens. */
  class Talk {
    who = ANONYMOUS;
    conversation = null;
    lastId = null;
    entering = null;
    epoch = 0;

    lines = new Map();
    acknowledged = new Map();
    past = [];
    owner = "bot";
    agentName = "";
    typing = false;
    connected = false;
    caughtUp = false;
    trouble = "";

    stream = null;
    started = false;
    delivering = false;
    asleep = null;
    streamPause = new Patience();
    outboxPause = new Patience();

    constructor({ shop, shelf, identity, page, onChange }) {
      Object.assign(this, { shop, shelf, identity, page, onChange });
      this.outbox = new Outbox(shelf, ANONYMOUS);
    }

    start() {
      if (this.started) return;
      this.started = true;
      this.listen();
      this.deliver();
    }

    get startedBefore() {
      return this.shelf.names().some((name) => name.includes(":conversation") || name.includes(":line:"));
    }

    // ---- who talks, and where

    /** The conversation to use now; made only if there is none. */
    async enter() {
      if (this.conversation) return this.conversation;
      if (this.entering) return this.entering;
      const entering = this.findOrCreate(this.epoch).finally(() => {
        if (this.entering === entering) this.entering = null;
      });
      this.entering = entering;
      return entering;
    }

    async findOrCreate(epoch) {
      const jwt = await this.identity.current();
      if (epoch !== this.epoch) throw new Error("somebody else signed in meanwhile");
      const who = jwt ? hashOf(subjectOf(jwt)) : ANONYMOUS;
      if (jwt !== undefined) this.forgetAllBut(who);
      const conversation = await inTurn(`${this.shelf.prefix}enter`, () => this.stored(who) ?? this.create(who, jwt));
      if (epoch !== this.epoch) throw new Error("somebody else signed in meanwhile");
      this.settle(conversation);
      return conversation;
    }

    /** The kept conversation, unless an anonymous one waits to be carried over into it. */
    stored(who) {
      const kept = this.shelf.read(`${who}:conversation`);
      const waits = who !== ANONYMOUS && this.shelf.read(`${ANONYMOUS}:conversation`);
      return kept && !waits ? { ...kept, who } : null;
    }

    async create(who, jwt) {
      const anonymous = this.shelf.read(`${ANONYMOUS}:conversation`);
      if (who === ANONYMOUS) return this.createAnonymous();
      try {
        return await this.createSignedIn(who, jwt, anonymous);
      } catch (problem) {
        if (problem.status !== 401) throw problem;
      }
      const second = await this.identity.another();
      try {
        if (second) return await this.createSignedIn(hashOf(subjectOf(second)), second, anonymous);
      } catch (problem) {
        if (problem.status !== 401) throw problem;
      }
      return this.stored(ANONYMOUS) ?? this.createAnonymous();
    }

    async createAnonymous() {
      const made = await createConversation(this.shop, null, this.page());
      this.shelf.write(`${ANONYMOUS}:conversation`, made);
      return { ...made, who: ANONYMOUS };
    }

    async createSignedIn(who, jwt, anonymous) {
      const made = await createConversation(this.shop, jwt, this.page(), anonymous?.token);
      this.shelf.write(`${who}:conversation`, made);
      this.shelf.remove(`${ANONYMOUS}:conversation`);
      return { ...made, who };
    }

    /** Tokens of people who signed out must not stay behind on a shared computer. */
    forgetAllBut(who) {
      const kept = [`${who}:conversation`, `${ANONYMOUS}:conversation`];
      const others = this.shelf.names().filter((name) => name.endsWith(":conversation") && !kept.includes(name));
      others.forEach((name) => this.shelf.remove(name));
    }

    settle(conversation) {
      if (conversation.who !== this.who) this.startAfresh(conversation.who);
      else if (this.lastId && this.lastId !== conversation.id) this.turnPage();
      if (conversation.who !== ANONYMOUS) new Outbox(this.shelf, ANONYMOUS).moveTo(this.outbox);
      this.conversation = conversation;
      this.lastId = conversation.id;
      this.changed();
    }

    startAfresh(who) {
      this.who = who;
      this.outbox = new Outbox(this.shelf, who);
      this.past = [];
      this.clearLines();
    }

    /** Another conversation of the same shopper: the lines so far stay above a mark. */
    turnPage() {
      const said = this.entries().filter((entry) => entry.status === "sent" || entry.kind === "mark");
      if (said.length) this.past = [...said, { kind: "mark", key: `mark:${this.lastId}`, text: "以上是之前的对话" }];
      this.clearLines();
    }

    clearLines() {
      this.lines.clear();
      this.acknowledged.clear();
      this.caughtUp = false;
      this.owner = "bot";
      this.setTyping(false);
    }

    leave(conversation) {
      if (this.conversation !== conversation) return;
      const name = `${conversation.who}:conversation`;
      if (this.shelf.read(name)?.token === conversation.token) this.shelf.remove(name);
      this.conversation = null;
      this.stream?.close();
    }

    identify(jwt) {
      this.identity.given = jwt || null;
      this.reenter();
    }

    /** Finds the conversation anew: the shopper signed in or out, here or in another tab. */
    reenter() {
      this.epoch += 1;
      this.entering = null;
      this.conversation = null;
      this.stream?.close();
      this.streamPause.hurry();
      this.outboxPause.hurry();
    }

    // ---- what is heard

    async listen() {
      for (;;) {
        if (this.asleep) await this.asleep.promise;
        const least_s = await this.follow().catch((problem) => this.stumble(problem));
        this.connected = false;
        this.changed();
        await this.streamPause.wait(least_s);
      }
    }

    async follow() {
      const conversation = await this.enter();
      try {
        await this.catchUp(conversation);
        await this.hear(conversation);
      } catch (problem) {
        if (problem.gone) this.leave(conversation);
        throw problem;
      }
    }

    async catchUp(conversation) {
      for (;;) {
        const { lines, owner, agent } = await linesAfter(conversation, this.lastSeq);
        if (conversation !== this.conversation) throw new Error("the conversation changed meanwhile");
        lines.forEach((line) => this.take(line));
        this.setOwner(owner, agent);
        if (lines.length < PAGE_OF_LINES) break;
      }
      this.caughtUp = true;
      this.changed();
    }

    async hear(conversation) {
      const began_at = Date.now();
      this.stream = new Stream(conversation);
      try {
        for await (const event of this.stream.events(this.lastSeq)) {
          if (conversation !== this.conversation) return;
          this.handle(event);
          this.changed();
        }
      } finally {
        if (Date.now() - began_at > LASTING_MS) this.streamPause.reset();
      }
    }

    handle({ type, data }) {
      const told = JSON.parse(data);
      if (type === "connected") this.reconnected();
      if (type === "line") this.take(told);
      if (type === "owner") this.setOwner(told.owner, told.name);
      if (type === "typing") this.setTyping(Boolean(told.on));
    }

    reconnected() {
      this.connected = true;
      this.trouble = "";
      this.outboxPause.hurry();
      this.deliver();
    }

    /** Seconds to wait at least. */
    stumble(problem) {
      console.debug("liuxin:", problem);
      this.trouble = problem instanceof Refusal && !problem.gone ? problem.reason : "";
      return Math.min(problem.retry_after_s ?? 0, LONGEST_WAIT_S);
    }

    take(line) {
      if (this.lines.has(line.seq)) return;
      this.lines.set(line.seq, line);
      if (line.client_msg_id) this.forgetSent(line.client_msg_id);
      if (line.author === "agent" && line.payload?.agent) this.agentName = asText(line.payload.agent);
      if (line.author !== "shopper") this.setTyping(false);
    }

    forgetSent(client_msg_id) {
      this.outbox.drop(client_msg_id);
      this.acknowledged.delete(client_msg_id);
    }

    setOwner(owner, name) {
      this.owner = owner;
      if (name) this.agentName = asText(name);
      if (owner === "agent") this.setTyping(false);
    }

    setTyping(on) {
      clearTimeout(this.typingTimer);
      if (on) this.typingTimer = setTimeout(() => this.setTyping(false), TYPING_MS);
      if (on !== this.typing) {
        this.typing = on;
        this.changed();
      }
    }

    get lastSeq() {
      return Math.max(0, ...this.lines.keys());
    }

    // ---- what is said

    say(text) {
      const words = text.trim();
      if (!words) return;
      this.outbox.keep({ client_msg_id: newId(), text: words, page: this.page(), written_at: this.writtenAt() });
      this.changed();
      this.start();
      this.deliver();
    }

    /** Milliseconds, later than any line before it, so that the outbox keeps its order. */
    writtenAt() {
      this.written_at = Math.max(Date.now(), (this.written_at ?? 0) + 1);
      return this.written_at;
    }

    resend(client_msg_id) {
      const entry = this.outbox.find(client_msg_id);
      if (!entry) return;
      const spent = entry.refused === 409; // the id belongs to other words
      if (spent) this.outbox.drop(client_msg_id);
      const id = spent ? newId() : client_msg_id;
      this.outbox.keep({ ...entry, client_msg_id: id, refused: null, reason: "", after_seq: null });
      this.changed();
      this.outboxPause.cut();
      this.deliver();
    }

    async deliver() {
      if (this.delivering) return;
      this.delivering = true;
      try {
        for (let entry = this.outbox.next(); entry; entry = this.outbox.next()) await this.deliverOne(entry);
      } finally {
        this.delivering = false;
      }
    }

    async deliverOne(entry) {
      if (entry.reason) this.outbox.keep({ ...entry, reason: "" });
      try {
        const conversation = await this.enter();
        const { outbox } = this;
        if (!outbox.find(entry.client_msg_id)) return;
        this.changed();
        const receipt = await this.hand(conversation, entry);
        outbox.drop(entry.client_msg_id);
        if (conversation === this.conversation) this.acknowledge(entry, receipt);
      } catch (problem) {
        await this.holdBack(entry, problem);
      }
    }

    async hand(conversation, entry) {
      try {
        return await sendLine(conversation, entry);
      } catch (problem) {
        if (problem.gone) this.leave(conversation);
        throw problem;
      }
    }

    acknowledge(entry, receipt) {
      this.outboxPause.reset();
      if (!this.connected) this.streamPause.hurry();
      if (!this.lines.has(receipt.seq)) this.acknowledged.set(entry.client_msg_id, { ...entry, ...receipt });
      const answered = [...this.lines.values()].some((line) => line.seq > receipt.seq && line.author !== "shopper");
      if (this.owner !== "agent" && !answered) this.setTyping(true);
      this.changed();
    }

    /** Network gone or gateway busy: the same line again later. A real no: beside the line, and on with the next. */
    async holdBack(entry, problem) {
      const refusal = problem instanceof Refusal && !problem.gone ? problem : null;
      const least_s = refusal?.retry_after_s ?? 0;
      if (refusal) this.note(entry, refusal, !refusal.passing || least_s > LONGEST_WAIT_S);
      if (!refusal || refusal.passing) await this.outboxPause.wait(Math.min(least_s, LONGEST_WAIT_S));
    }

    note(entry, { status, reason }, final) {
      if (!this.outbox.find(entry.client_msg_id)) return;
      const why = reason || (final ? "没有发出去，请稍后再试" : "");
      this.outbox.keep({ ...entry, reason: why, refused: final ? status : null, after_seq: this.lastSeq });
      this.changed();
    }

    // ---- what is to be seen

    /** Everything in the order it is shown: { kind, key, seq, author, text, at, payload, status, reason }. */
    entries() {
      const heard = [...this.lines.values()].map((line) => this.entryOfLine(line));
      const sent = [...this.acknowledged.values()].map((line) => this.entryOfMine(line, line.seq, "sent"));
      const open = this.outbox.entries().map((entry) => this.entryOfOpen(entry));
      const current = [...heard, ...sent, ...open].sort((one, other) => one.place - other.place);
      return [...this.past, ...current];
    }

    entryOfLine(line) {
      const key = line.client_msg_id || `${this.lastId}/${line.seq}`;
      return { ...line, kind: "line", key, place: line.seq, status: "sent", reason: "" };
    }

    entryOfMine(line, place, status) {
      const at = line.at ?? new Date(line.written_at).toISOString();
      return { ...line, kind: "line", key: line.client_msg_id, author: "shopper", payload: null, place, status, at };
    }

    entryOfOpen(entry) {
      const place = entry.refused ? entry.after_seq + 0.5 : Number.MAX_SAFE_INTEGER;
      return this.entryOfMine(entry, place, entry.reason ? "failed" : "sending");
    }

    get unread() {
      const read = this.shelf.read("read");
      const from = read?.id === this.lastId ? read.seq : 0;
      return [...this.lines.values()].filter((line) => line.seq > from && line.author !== "shopper").length;
    }

    markRead() {
      if (this.unread) this.shelf.write("read", { id: this.lastId, seq: this.lastSeq });
    }

    changed() {
      if (this.told) return;
      this.told = true;
      queueMicrotask(() => {
        this.told = false;
        this.onChange();
      });
    }

    // ---- what the browser reports

    watchBrowser() {
      addEventListener("online", () => this.wake(true));
      addEventListener("offline", () => this.changed());
      document.addEventListener("visibilitychange", () => (document.hidden ? this.doze() : this.wake(false)));
      addEventListener("pageshow", (event) => event.persisted && this.wake(true));
      addEventListener("storage", (event) => this.heardFromTab(event));
    }

    wake(networkChanged) {
      clearTimeout(this.dozing);
      this.asleep?.end();
      this.asleep = null;
      if (networkChanged || this.stream?.silent_ms > DOUBTFUL_MS) this.stream?.close();
      this.streamPause.hurry();
      this.outboxPause.hurry();
      this.changed();
    }

    doze() {
      this.dozing = setTimeout(() => {
        const asleep = {};
        asleep.promise = new Promise((end) => (asleep.end = end));
        this.asleep = asleep;
        this.stream?.close();
      }, SLEEP_AFTER_HIDDEN_MS);
    }

    heardFromTab({ key, newValue }) {
      if (!key?.startsWith(this.shelf.prefix)) return;
      const name = key.slice(this.shelf.prefix.length);
      if (name === `${this.who}:conversation` && this.started && this.isOther(newValue)) this.reenter();
      this.changed();
    }

    isOther(stored) {
      return (stored ? JSON.parse(stored).token : null) !== (this.conversation?.token ?? null);
    }
  }

  // ---------------------------------------------------------------- what is drawn

  /** An element with attributes, listeners ("onclick") and children; strings become text nodes, never markup. */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null && child !== ""));
    return node;
  }

  function icon(...paths) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    for (const drawn of paths) {
      const path = document.createElementNS(space, "path");
      path.setAttribute("d", drawn);
      svg.append(path);
    }
    return svg;
  }

  const ICONS = {
    chat: ["M4 5h16v11H10l-4.5 3.5V16H4z", "M8.5 10.5h.01M12 10.5h.01M15.5 10.5h.01"],
    close: ["M6 6l12 12M18 6L6 18"],
    send: ["M12 20V5M5.5 11.5L12 5l6.5 6.5"],
    person: ["M12 12a4 4 0 100-8 4 4 0 000 8z", "M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"],
    robot: ["M5 9h14v10H5z", "M12 9V5M12 4.5h.01", "M9 13.5h.01M15 13.5h.01", "M2.5 13v3M21.5 13v3"],
    down: ["M6 10l6 6 6-6"],
  };

  const LINK = /https?:\/\/[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef<>"'`]+/g;

  function link(address) {
    return el("a", { href: address, rel: "noopener", target: "_blank" }, address);
  }

  /** Text nodes and links. */
  function withLinks(text) {
    const parts = [];
    let from = 0;
    for (const match of text.matchAll(LINK)) {
      const address = match[0].replace(/[.,;:!?)\]]+$/, "");
      if (!safeUrl(address)) continue;
      parts.push(text.slice(from, match.index), link(address));
      from = match.index + address.length;
    }
    return [...parts, text.slice(from)];
  }

  const two = (number) => String(number).padStart(2, "0");

  function timeWords(at, now = new Date()) {
    const then = new Date(at);
    const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
    const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate());
    const days = Math.round((midnight(now) - midnight(then)) / 86_400_000);
    if (days === 0) return clock;
    if (days === 1) return `昨天 ${clock}`;
    const year = then.getFullYear() === now.getFullYear() ? "" : `${then.getFullYear()}年`;
    return `${year}${then.getMonth() + 1}月${then.getDate()}日 ${clock}`;
  }

  function yuan(fen) {
    return Number.isFinite(fen) ? `¥${(fen / 100).toFixed(fen % 100 ? 2 : 0)}` : "";
  }

  function facts(pairs) {
    const rows = asList(pairs).filter(Array.isArray);
    const drawn = rows.flatMap(([name, value]) => [el("dt", {}, asText(name)), el("dd", {}, asText(value))]);
    return drawn.length ? el("dl", {}, ...drawn) : null;
  }

  function picture(card) {
    const address = safeUrl(card.image);
    return address && el("img", { src: address, alt: "", loading: "lazy", width: 72, height: 72 });
  }

  function cardTitle(card) {
    const address = safeUrl(card.url);
    const title = asText(card.title);
    return address ? el("a", { class: "title", href: address, rel: "noopener", target: "_blank" }, title)
      : el("span", { class: "title" }, title);
  }

  function cardButton(card, label, say) {
    const words = asText(card.say);
    if (!words) return null;
    const attributes = { type: "button", class: "ask", "aria-label": `${label}：${asText(card.title)}` };
    return el("button", { ...attributes, onclick: () => say(words) }, label);
  }

  function productCard(card, say) {
    const was = card.list_price_fen > card.price_fen ? yuan(card.list_price_fen) : "";
    const price = el("span", { class: "price" }, yuan(card.price_fen),
      was && el("s", {}, el("span", { class: "unseen" }, "原价"), was));
    const words = el("div", { class: "words" }, cardTitle(card), price, facts(card.facts));
    return el("article", { class: "card" }, picture(card), words, cardButton(card, "问这个", say));
  }

  function orderCard(card, say) {
    const placed = card.placed_at ? timeWords(card.placed_at) : "";
    const head = el("div", { class: "head" }, el("span", {}, `订单 ${asText(card.order_no)}`),
      el("strong", {}, asText(card.state)));
    const sum = el("span", { class: "price" }, yuan(card.total_fen), placed && el("small", {}, `${placed} 下单`));
    const words = el("div", { class: "words" }, cardTitle(card), sum, facts(card.facts));
    return el("article", { class: "card" }, head, picture(card), words, cardButton(card, "选这个", say));
  }

  const CARDS = { product: productCard, order: orderCard };

  function cards(payload, say) {
    const known = asList(payload?.cards).filter((card) => Object.keys(CARDS).includes(card?.kind));
    return known.map((card) => CARDS[card.kind](card, say));
  }

  function speaker({ author, payload }) {
    if (author === "agent") return `人工客服${asText(payload?.agent)}`;
    return author === "bot" ? "智能客服" : "我";
  }

  /** A row of the log: its node, and how it follows a changed entry. */
  const ROWS = {
    time: (entry) => still(el("div", { class: "time" }, el("time", { datetime: entry.at }, timeWords(entry.at)))),
    mark: (entry) => still(el("div", { class: "mark" }, entry.text)),
    chips: (entry, acts) => still(chipRow(entry, acts)),
    line: (entry, acts) => {
      if (entry.author === "system") return still(el("div", { class: "notice" }, ...withLinks(entry.text)));
      return entry.author === "shopper" ? mineRow(entry, acts) : still(theirsRow(entry, acts));
    },
  };

  function still(node) {
    return { node, follow() {} };
  }

  function chipRow({ replies }, acts) {
    const chip = (reply) => el("button", { type: "button", class: "chip", onclick: () => acts.choose(reply) }, reply);
    return el("div", { class: "chips", role: "group", "aria-label": "快捷回复" }, ...replies.map(chip));
  }

  function bubble(entry) {
    return el("div", { class: "bubble" }, el("span", { class: "unseen" }, `${speaker(entry)}：`),
      ...withLinks(asText(entry.text)));
  }

  function theirsRow(entry, acts) {
    const face = el("span", { class: "face", "aria-hidden": "true" },
      icon(...(entry.author === "agent" ? ICONS.person : ICONS.robot)));
    const column = el("div", { class: "column" }, bubble(entry), ...cards(entry.payload, acts.choose));
    return el("div", { class: `line ${entry.author}` }, face, column);
  }

  function mineRow(entry, acts) {
    const status = el("div", { class: "status" });
    const node = el("div", { class: "line mine" }, el("div", { class: "column" }, bubble(entry), status));
    let shown = null;
    const follow = ({ status: state, reason, newest }) => {
      const now = `${state}|${reason}|${newest}`;
      if (now === shown) return;
      shown = now;
      node.dataset.status = state;
      status.replaceChildren(...statusWords(state, reason, newest, () => acts.resend(entry.key)));
    };
    return { node, follow };
  }

  function statusWords(state, reason, newest, resend) {
    if (state === "sending") return [navigator.onLine ? "发送中…" : "等待网络恢复后发送"];
    if (state === "sent") return newest ? ["已发送"] : [];
    const again = el("button", { type: "button", class: "again", onclick: resend, "aria-label": "重发这条消息" }, "重发");
    return [el("span", { class: "reason" }, reason), again];
  }

  /** findLastIndex, which phones of 2021 do not have. */
  function lastIndex(list, fits) {
    for (let index = list.length - 1; index >= 0; index--) if (fits(list[index])) return index;
    return -1;
  }

  /** Adds times, quick replies and marks of state to the entries of a talk. */
  function arranged(entries) {
    const newestMine = lastIndex(entries, (entry) => entry.author === "shopper" && entry.status === "sent");
    const newestBot = lastIndex(entries, (entry) => entry.author === "bot" || entry.author === "agent");
    const answered = entries.slice(newestBot + 1).some((entry) => entry.author === "shopper");
    const rows = [];
    let before = -Infinity;
    entries.forEach((entry, index) => {
      const at = Date.parse(entry.at);
      if (at - before > TIME_GAP_MS) rows.push({ kind: "time", key: `time:${entry.key}`, at: entry.at });
      if (at) before = at;
      rows.push({ ...entry, newest: index === newestMine });
      const replies = asList(entry.payload?.quick_replies).map(asText).filter(Boolean);
      if (index === newestBot && !answered && replies.length) {
        rows.push({ kind: "chips", key: `chips:${entry.key}`, replies });
      }
    });
    return rows;
  }

  // ---------------------------------------------------------------- colours

  const rgbOf = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
  const hexOf = (rgb) => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

  /** WCAG 2.2, relative luminance. */
  function luminance(hex) {
    const linear = rgbOf(hex).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }

  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  /** The shop's colour, what can be written on it, and a shade of it that can be read on white (4.5 : 1). */
  function palette(colour) {
    const brand = /^#[0-9a-f]{6}$/i.test(colour ?? "") ? colour : "#1f6f5c";
    let ink = brand;
    while (contrast(ink, "#ffffff") < 5) ink = hexOf(rgbOf(ink).map((part) => part * 0.92));
    const onBrand = contrast(brand, "#ffffff") >= 4.5 ? "#ffffff" : "#000000";
    return { "--brand": brand, "--on-brand": onBrand, "--ink": ink };
  }

  // ---------------------------------------------------------------- the component

  const STYLE = `
    :host { all: initial; position: fixed; z-index: 2147483000; inset: auto 0 0 auto; color-scheme: light;
      font: 15px/1.55 -apple-system, "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC",
      "Noto Sans SC", "Source Han Sans SC", sans-serif; color: #23211e; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    button, textarea { font: inherit; color: inherit; margin: 0; }
    button { cursor: pointer; border: 0; background: none; padding: 0; touch-action: manipulation; }
    svg { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round;
      stroke-linejoin: round; }
    :focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

    .launcher { position: fixed; right: calc(20px + env(safe-area-inset-right)); bottom: calc(20px + env(safe-area-inset-bottom));
      width: 60px; height: 60px; border-radius: 50%; background: var(--brand); color: var(--on-brand); display: grid;
      place-items: center; box-shadow: 0 6px 20px rgb(30 25 20 / .22); transition: transform .15s; }
    .launcher:hover { transform: translateY(-2px); }
    .launcher svg { width: 28px; height: 28px; }
    .badge { position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
      background: #c62828; color: #fff; font-size: 13px; line-height: 22px; text-align: center; }

    .panel { position: fixed; right: calc(20px + env(safe-area-inset-right)); bottom: calc(20px + env(safe-area-inset-bottom));
      width: 380px; height: min(620px, calc(100dvh - 40px)); display: flex; flex-direction: column; background: #f6f4f0;
      border-radius: 16px; overflow: hidden; box-shadow: 0 12px 48px rgb(30 25 20 / .25); animation: rise .18s ease-out; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    .panel:focus { outline: none; }

    header { display: flex; align-items: center; gap: 10px; padding: 10px 8px 10px 14px; background: var(--brand);
      color: var(--on-brand); flex: none; }
    header .face { background: rgb(255 255 255 / .18); color: inherit; }
    header :focus-visible { outline-color: var(--on-brand); outline-offset: -3px; }
    .heading { flex: 1; min-width: 0; }
    .heading h2 { margin: 0; font-size: 16px; line-height: 1.35; font-weight: 600; white-space: nowrap; overflow: hidden;
      text-overflow: ellipsis; }
    .heading p { margin: 0; font-size: 12.5px; line-height: 1.4; overflow-wrap: anywhere; }
    .human { flex: none; min-height: 44px; padding: 0 4px; }
    .human span { display: block; border: 1px solid currentColor; border-radius: 15px; padding: 3px 12px; font-size: 14px; }
    .shut { flex: none; width: 44px; height: 44px; display: grid; place-items: center; border-radius: 10px; }
    .face { flex: none; width: 34px; height: 34px; border-radius: 50%; display: grid; place-items: center; background: #fff;
      color: var(--ink); }
    .face svg { width: 20px; height: 20px; }

    .trouble { flex: none; padding: 6px 14px; background: #fdf0d5; color: #6b4a00; font-size: 13px; }
    .middle { position: relative; flex: 1; min-height: 0; display: flex; }
    .log { flex: 1; min-width: 0; overflow: hidden auto; overscroll-behavior: contain; padding: 12px 12px 16px; }
    .log:focus-visible { outline-offset: -3px; }
    .time, .mark, .notice { margin: 10px auto; text-align: center; font-size: 12.5px; color: #6a655d; }
    .notice { width: fit-content; max-width: 90%; padding: 4px 12px; border-radius: 12px; background: #e9e5de; color: #55504a;
      overflow-wrap: anywhere; white-space: pre-wrap; }
    .mark { display: flex; align-items: center; gap: 10px; }
    .mark::before, .mark::after { content: ""; flex: 1; height: 1px; background: #d9d4cb; }
    .line { display: flex; gap: 8px; margin: 10px 0; align-items: flex-start; }
    .line.mine { justify-content: flex-end; }
    .column { min-width: 0; max-width: calc(100% - 54px); display: flex; flex-direction: column; gap: 8px;
      align-items: flex-start; }
    .mine .column { align-items: flex-end; gap: 2px; }
    .bubble { position: relative; padding: 9px 13px; border-radius: 4px 14px 14px 14px; background: #fff; white-space: pre-wrap;
      overflow-wrap: anywhere; box-shadow: 0 1px 2px rgb(30 25 20 / .06); }
    .mine .bubble { border-radius: 14px 4px 14px 14px; background: var(--brand); color: var(--on-brand); }
    .bubble a, .notice a { color: var(--ink); }
    .mine .bubble a { color: inherit; }
    .agent .face { background: var(--ink); color: #fff; }
    .mine[data-status="sending"] .bubble { opacity: .75; }
    .mine[data-status="failed"] .bubble { background: #fff; color: #23211e; box-shadow: inset 0 0 0 1px #c62828; }
    .mine[data-status="failed"] .bubble a { color: var(--ink); }
    .status { font-size: 12px; color: #6a655d; display: flex; align-items: center; gap: 4px; min-height: 4px; }
    .status .reason { color: #b3261e; }
    .again { min-width: 44px; min-height: 44px; flex: none; color: var(--ink); text-decoration: underline; font-size: 14px; }

    .card { width: 100%; min-width: 216px; background: #fff; border-radius: 12px; padding: 12px; display: grid; gap: 4px 12px;
      grid-template-columns: auto minmax(0, 1fr); box-shadow: 0 1px 2px rgb(30 25 20 / .06); }
    .card .head { grid-column: 1 / -1; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 8px; font-size: 12.5px;
      color: #6a655d; padding-bottom: 6px; border-bottom: 1px solid #eeebe5; margin-bottom: 4px; }
    .card .head strong { color: var(--ink); font-weight: 600; }
    .card img { border-radius: 8px; background: #f6f4f0; object-fit: cover; }
    .card .words { min-width: 0; grid-column: 2; }
    .card .words:first-child, .card .head + .words { grid-column: 1 / -1; }
    .card .title { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; font-size: 14px;
      line-height: 1.4; color: inherit; text-decoration: none; }
    a.title:hover { text-decoration: underline; }
    .card .price { display: block; margin-top: 2px; color: #b3261e; font-weight: 600; }
    .card .price s, .card .price small { margin-left: 8px; font-size: 12.5px; font-weight: 400; color: #6a655d; }
    .card dl { margin: 4px 0 0; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; font-size: 13px; }
    .card dt { color: #6a655d; }
    .card dd { margin: 0; overflow-wrap: anywhere; }
    .card .ask { grid-column: 1 / -1; min-height: 44px; margin: 4px 0 -4px; border-top: 1px solid #eeebe5; color: var(--ink);
      font-weight: 600; font-size: 14px; }

    .chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 10px 42px; }
    .chip { min-height: 44px; max-width: 100%; padding: 6px 16px; border-radius: 22px; background: #fff; color: var(--ink);
      border: 1px solid var(--ink); font-size: 14px; overflow-wrap: anywhere; text-align: left; }
    .chip:hover, .card .ask:hover { background: #f6f4f0; }
    .dots { display: flex; gap: 5px; margin: 10px 0 10px 42px; width: fit-content; padding: 14px; background: #fff;
      border-radius: 4px 14px 14px 14px; }
    .dots i { width: 7px; height: 7px; border-radius: 50%; background: #8f887d; animation: breathe 1.2s infinite; }
    .dots i:nth-child(2) { animation-delay: .2s; } .dots i:nth-child(3) { animation-delay: .4s; }
    @keyframes breathe { 50% { opacity: .25; } }
    .waiting { margin: 40px 0; text-align: center; color: #6a655d; font-size: 14px; }
    .below { position: absolute; left: 50%; bottom: 8px; transform: translateX(-50%); min-height: 44px; padding: 0 16px 0 10px;
      border-radius: 22px; background: #fff; color: var(--ink); display: flex; align-items: center; gap: 4px; font-size: 14px;
      box-shadow: 0 2px 10px rgb(30 25 20 / .18); }
    .below svg { width: 18px; height: 18px; }

    form { flex: none; display: flex; align-items: flex-end; gap: 8px; padding: 10px; background: #fff; border-top: 1px solid #e9e5de;
      padding-bottom: max(10px, env(safe-area-inset-bottom)); margin: 0; }
    .field { flex: 1; min-width: 0; }
    textarea { display: block; width: 100%; min-height: 44px; max-height: 132px; padding: 10px 12px; resize: none; border-radius: 12px;
      border: 1px solid #8f887d; background: #fff; font-size: 16px; line-height: 22px; overflow-y: auto; }
    textarea::placeholder { color: #6a655d; opacity: 1; }
    textarea:focus { outline: 2px solid var(--ink); outline-offset: -1px; }
    .counter { font-size: 12px; text-align: right; color: #6a655d; }
    .counter.over { color: #b3261e; font-weight: 600; }
    .send { flex: none; width: 44px; height: 44px; border-radius: 50%; display: grid; place-items: center; background: var(--brand);
      color: var(--on-brand); }
    .send[aria-disabled="true"] { background: #e9e5de; color: #6a655d; cursor: default; }

    @media (max-width: 480px), (max-height: 480px) {
      .panel { inset: 0; width: auto; height: var(--seen-height, 100dvh); top: var(--seen-top, 0); border-radius: 0;
        padding: 0 env(safe-area-inset-right) 0 env(safe-area-inset-left); }
      header { padding-top: max(10px, env(safe-area-inset-top)); }
    }
    @media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
    @media (forced-colors: active) { .bubble, .card, .chip, .launcher, .panel { border: 1px solid; } }
    @media print { :host { display: none; } }
  `;

  function dress(root) {
    if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } else {
      root.append(el("style", {}, STYLE));
    }
  }

  class LiuxinChat extends HTMLElement {
    rows = new Map();
    returnFocusTo = null;

    /** Draws the empty chat. `talk` is asked what to show; nothing is connected by this alone. */
    furnish(talk, { title, colour }) {
      this.talk = talk;
      this.lang = "zh-CN";
      const root = this.attachShadow({ mode: "open" });
      dress(root);
      for (const [name, value] of Object.entries(palette(colour))) this.style.setProperty(name, value);
      root.append(this.makeLauncher(), this.makePanel(title));
      root.addEventListener("keydown", (event) => this.closeOnEscape(event));
      this.followKeyboardOfPhone();
    }

    makeLauncher() {
      this.badge = el("span", { class: "badge", hidden: true, "aria-hidden": "true" });
      const attributes = { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => this.open() };
      this.launcher = el("button", attributes, icon(...ICONS.chat), this.badge);
      return this.launcher;
    }

    makePanel(title) {
      this.trouble = el("div", { class: "trouble", role: "status", hidden: true });
      const attributes = { class: "panel", role: "dialog", "aria-labelledby": "title", tabindex: "-1", hidden: true };
      this.panel = el("section", attributes, this.makeHeader(title), this.trouble, this.makeMiddle(), this.makeForm());
      return this.panel;
    }

    makeHeader(title) {
      this.face = el("span", { class: "face" });
      this.served = el("p", { role: "status" });
      const heading = el("div", { class: "heading" }, el("h2", { id: "title" }, title), this.served);
      const human = el("button", { type: "button", class: "human", onclick: () => this.choose("转人工") },
        el("span", {}, "转人工"));
      const shut = el("button", { type: "button", class: "shut", "aria-label": "关闭客服窗口", onclick: () => this.close() },
        icon(...ICONS.close));
      return el("header", {}, this.face, heading, human, shut);
    }

    makeMiddle() {
      this.waiting = el("div", { class: "waiting" }, "正在连接客服…");
      this.dots = el("div", { class: "dots", "aria-hidden": "true", hidden: true }, el("i"), el("i"), el("i"));
      const attributes = { class: "log", role: "log", "aria-live": "polite", "aria-label": "对话内容", tabindex: "0" };
      this.log = el("div", { ...attributes, onscroll: () => this.hideBelow() }, this.waiting, this.dots);
      this.below = el("button", { type: "button", class: "below", hidden: true, onclick: () => this.toEnd() },
        icon(...ICONS.down), "有新消息");
      return el("div", { class: "middle" }, this.log, this.below);
    }

    makeForm() {
      this.input = el("textarea", {
        rows: 1, "aria-label": "输入消息，回车发送，Shift 加回车换行", "aria-describedby": "counter", enterkeyhint: "send",
        oninput: () => this.measure(), onkeydown: (event) => this.sendOnEnter(event),
      });
      this.counter = el("div", { class: "counter", id: "counter", role: "status", hidden: true });
      this.send = el("button", { type: "submit", class: "send", "aria-label": "发送", "aria-disabled": "true" },
        icon(...ICONS.send));
      const submit = (event) => {
        event.preventDefault();
        this.sayTyped();
      };
      return el("form", { onsubmit: submit }, el("div", { class: "field" }, this.input, this.counter), this.send);
    }

    // ---- opening and closing

    get isOpen() {
      return !this.panel.hidden;
    }

    open({ focus = true } = {}) {
      this.talk.start();
      if (!this.isOpen) {
        this.returnFocusTo = focus ? focused() : null;
        this.panel.hidden = false;
        this.launcher.hidden = true;
        this.remember(true);
        this.render();
        this.toEnd();
      }
      if (focus) this.focusInside();
    }

    close() {
      if (!this.isOpen) return;
      const had = this.shadowRoot.activeElement;
      this.panel.hidden = true;
      this.launcher.hidden = false;
      this.remember(false);
      this.render();
      if (had) this.giveFocusBack();
    }

    giveFocusBack() {
      const before = this.returnFocusTo;
      const there = before?.isConnected && before !== document.body && before !== this;
      (there ? before : this.launcher).focus();
    }

    /** With a finger the keyboard would cover half of the screen before anything was read. */
    focusInside() {
      (matchMedia("(pointer: coarse)").matches ? this.panel : this.input).focus();
    }

    closeOnEscape(event) {
      if (event.key !== "Escape" || event.isComposing || !this.isOpen) return;
      event.stopPropagation();
      this.close();
    }

    remember(open) {
      try {
        sessionStorage.setItem("liuxin:open", open ? "1" : "");
      } catch {
        // no storage: the next page starts closed
      }
    }

    /** Phones keep the layout as it is when their keyboard opens; only the visual viewport tells. */
    followKeyboardOfPhone() {
      const seen = window.visualViewport;
      seen?.addEventListener("resize", () => {
        if (seen.scale > 1.01) return;
        this.style.setProperty("--seen-height", `${seen.height}px`);
        this.style.setProperty("--seen-top", `${seen.offsetTop}px`);
        if (this.isOpen) this.toEnd();
      });
    }

    // ---- typing

    sendOnEnter(event) {
      const composing = event.isComposing || event.keyCode === 229; // Safari ends composition before this event
      if (event.key !== "Enter" || event.shiftKey || composing) return;
      event.preventDefault();
      this.sayTyped();
    }

    sayTyped() {
      const text = this.input.value;
      if (!text.trim() || lengthOf(text.trim()) > MOST_CHARACTERS) return;
      this.input.value = "";
      this.measure();
      this.talk.say(text);
      this.following = true;
    }

    /** A quick reply, a card's button or 转人工: an ordinary line. The pressed button may vanish, so focus moves on. */
    choose(text) {
      this.talk.say(text);
      this.following = true;
      if (this.log.contains(this.shadowRoot.activeElement)) {
        (matchMedia("(pointer: coarse)").matches ? this.log : this.input).focus({ preventScroll: true });
      }
    }

    measure() {
      const length = lengthOf(this.input.value.trim());
      const over = length - MOST_CHARACTERS;
      this.counter.hidden = length < COUNTER_FROM;
      this.counter.textContent = over > 0 ? `超出 ${over} 字，请分成几条发` : `${length} / ${MOST_CHARACTERS}`;
      this.counter.classList.toggle("over", over > 0);
      this.send.setAttribute("aria-disabled", String(length === 0 || over > 0));
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 132)}px`;
    }

    // ---- showing

    render() {
      const open = this.isOpen && !document.hidden;
      if (open) this.talk.markRead();
      this.renderLauncher();
      if (!this.isOpen) return;
      const follow = this.following || this.atEnd();
      this.renderHeader();
      this.renderTrouble();
      const grown = this.renderRows(arranged(this.talk.entries()));
      this.dots.hidden = !this.talk.typing;
      if (follow) this.toEnd();
      else if (grown) this.below.hidden = false;
    }

    renderLauncher() {
      const { unread } = this.talk;
      this.badge.hidden = !unread;
      this.badge.textContent = unread > 99 ? "99+" : String(unread);
      this.launcher.setAttribute("aria-label", unread ? `打开在线客服，${unread} 条未读消息` : "打开在线客服");
    }

    renderHeader() {
      const { owner, agentName, conversation } = this.talk;
      const words = { agent: `人工客服 ${agentName}`.trim(), queue: "排队中 · 人工即将接入" }[owner] ?? "智能客服（机器人）";
      const name = conversation?.name;
      this.input.placeholder = name ? `${name}，请输入您的问题` : "请输入您的问题";
      if (this.served.textContent === words) return;
      this.served.textContent = words;
      this.face.replaceChildren(icon(...(owner === "agent" ? ICONS.person : ICONS.robot)));
    }

    renderTrouble() {
      const { connected, caughtUp, trouble, streamPause } = this.talk;
      const lost = !navigator.onLine || (!connected && (trouble || streamPause.failures > 1));
      const words = lost ? trouble || "连接断开了，正在重新连接…" : "";
      if (this.trouble.textContent !== words) this.trouble.textContent = words;
      this.trouble.hidden = !words;
      this.waiting.hidden = caughtUp || this.rows.size > 0;
      this.log.setAttribute("aria-busy", String(!caughtUp));
    }

    /** Brings the log in line with `entries`, leaving every node that is already right; true if lines were added. */
    renderRows(entries) {
      const keys = new Set(entries.map((entry) => entry.key));
      let place = this.waiting.nextSibling;
      let grown = false;
      for (const entry of entries) {
        grown ||= entry.kind === "line" && !this.rows.has(entry.key);
        const { node } = this.rowOf(entry);
        if (node === place) place = place.nextSibling;
        else this.log.insertBefore(node, place);
      }
      for (const [key, row] of this.rows) if (!keys.has(key)) this.removeRow(key, row);
      if (entries.length) this.waiting.hidden = true;
      return grown;
    }

    rowOf(entry) {
      if (!this.rows.has(entry.key)) {
        const acts = { choose: (text) => this.choose(text), resend: (id) => this.talk.resend(id) };
        this.rows.set(entry.key, ROWS[entry.kind](entry, acts));
      }
      const row = this.rows.get(entry.key);
      row.follow(entry);
      return row;
    }

    removeRow(key, row) {
      row.node.remove();
      this.rows.delete(key);
    }

    atEnd() {
      return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    }

    toEnd() {
      this.log.scrollTop = this.log.scrollHeight;
      this.following = false;
      this.below.hidden = true;
    }

    hideBelow() {
      if (this.atEnd()) this.below.hidden = true;
    }
  }

  /** The focused element, also inside other components. */
  function focused() {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
  }

  // ---------------------------------------------------------------- the start

  function pageOf({ product_id, order_no } = {}) {
    const page = {};
    if (product_id) page.product_id = String(product_id);
    if (order_no) page.order_no = String(order_no);
    return Object.keys(page).length ? page : null;
  }

  function wasOpen() {
    try {
      return Boolean(sessionStorage.getItem("liuxin:open")) && innerWidth > 480;
    } catch {
      return false;
    }
  }

  function start() {
    const wish = script.dataset;
    const shop = wish.shop || "default";
    let page = pageOf({ product_id: wish.productId });
    customElements.define("liuxin-chat", LiuxinChat);
    const chat = document.createElement("liuxin-chat");
    const talk = new Talk({
      shop, shelf: new Shelf(shop), identity: new Identity(wish.identityUrl), page: () => page, onChange: () => chat.render(),
    });
    chat.furnish(talk, { title: wish.title || "在线客服", colour: wish.colour });
    document.body.append(chat);
    talk.watchBrowser();
    if (talk.startedBefore) talk.start();
    if ("open" in wish || wasOpen()) chat.open({ focus: false });
    chat.render();
    window.Liuxin = Object.freeze({
      open: () => chat.open(),
      close: () => chat.close(),
      page: (where) => (page = pageOf(where ?? {})),
      identify: (jwt) => talk.identify(jwt),
      say: (text) => talk.say(asText(text)),
    });
    document.dispatchEvent(new Event("liuxin:ready"));
  }

  if (document.body) start();
  else addEventListener("DOMContentLoaded", start, { once: true });
})();
