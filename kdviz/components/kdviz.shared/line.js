// The line of a seat or a stage to its class. It is opened again as often as it is lost: the server says the whole state
// each time, so whoever slept, or was without a network, has missed nothing.

const WAITS = [500, 1000, 2000, 4000, 8000]; // milliseconds; each is made up to half as long again, so that not all come at once
const SELDOM = 10_000; // where there is no class, or no room in it
const [PING, SILENCE] = [15_000, 25_000]; // milliseconds without a word after which one is asked for, and the line is lost
/** What the server says by closing the line. @type {Record<number, Standing>} */
const REASONS = { 4404: "none", 4410: "ended", 4429: "full", 4403: "refused" };

/** @typedef {"away" | "open" | "none" | "ended" | "full" | "refused"} Standing */
/** @typedef {Pick<WebSocket, "readyState" | "send" | "close"> & { onmessage: any, onclose: any }} Socket */
/**
 * @typedef {object} Surroundings
 * @property {() => Socket} open
 * @property {() => number} now milliseconds
 * @property {(call: () => void, milliseconds: number) => unknown} later
 * @property {() => number} random from 0 to 1
 */

const OPEN = 1; // readyState of a socket

export class Line {
  /**
   * @param {Surroundings} surroundings @param {(message: any) => void} hear what the class says
   * @param {(standing: Standing) => void} tell how the line stands, when that changes
   */
  constructor(surroundings, hear, tell) {
    this.surroundings = surroundings;
    this.hear = hear;
    this.tell = tell;
    this.failed = 0; // times in a row
    this.heard = 0;
    this.standing = /** @type {Standing} */ ("away");
    this.socket = /** @type {Socket | null} */ (null);
  }

  connect() {
    const { open, now } = this.surroundings;
    const socket = open();
    this.socket = socket;
    this.heard = now();
    socket.onmessage = (/** @type {{ data: string }} */ { data }) => {
      if (socket !== this.socket) return;
      this.heard = now();
      this.failed = 0;
      this.stand("open");
      const message = JSON.parse(data);
      if (!("pong" in message)) this.hear(message);
    };
    socket.onclose = (/** @type {{ code: number }} */ { code }) => {
      if (socket === this.socket) this.lose(code);
    };
  }

  /** @param {Standing} standing */
  stand(standing) {
    if (standing === this.standing) return;
    this.standing = standing;
    this.tell(standing);
  }

  /** @param {number} [code] of the server, where it has closed the line */
  lose(code) {
    this.socket = null;
    const reason = REASONS[code ?? 0];
    this.stand(reason ?? "away");
    const { later, random } = this.surroundings;
    const wait = reason ? SELDOM : WAITS[Math.min(this.failed, WAITS.length - 1)];
    this.failed += 1;
    later(() => {
      if (!this.socket) this.connect();
    }, wait * (1 + random() / 2));
  }

  /** Called every few seconds: a line on which nothing is heard is lost, whatever the socket says. */
  look() {
    const { socket, surroundings: { now } } = this;
    if (!socket) return;
    const silence = now() - this.heard;
    if (silence > SILENCE) this.renew();
    else if (silence > PING) this.send({ ping: 1 });
  }

  /** Open it anew: the machine was asleep, or the network is there again. */
  renew() {
    const before = this.socket;
    this.socket = null;
    before?.close();
    this.stand("away");
    this.connect();
  }

  /** Whether it could be sent. @param {object} message */
  send(message) {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
