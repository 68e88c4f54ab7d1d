// The connection of a page: what was sent and not answered is said; after a gap the old socket is given up.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Connection, watching } from "../../kdviz/components/kdviz.shared/connection.js";

class Socket extends EventTarget {
  /** @param {string} address */
  constructor(address) {
    super();
    this.address = address;
    this.sent = [];
    this.closed = false;
  }

  send(data) {
    this.sent.push(data);
  }

  close() {
    this.closed = true;
    this.dispatchEvent(new Event("close"));
  }
}

let now, there, lost, back, connection, socket;

beforeEach(() => {
  [now, there, lost, back] = [1000, true, 0, 0];
  connection = new Connection({
    now: () => now, reachable: async () => there, lost: () => void (lost += 1), back: () => void (back += 1),
  });
  const Watched = watching(/** @type {any} */ (Socket), connection);
  socket = new Watched("ws://here/_stcore/stream");
});

const passes = (ms) => void (now += ms);
const answer = () => socket.dispatchEvent(new Event("message"));

test("what is answered is not lost", () => {
  connection.act();
  socket.send("save");
  answer();
  socket.close();
  assert.deepEqual(socket.sent, ["save"]);
  assert.equal(lost, 0);
});

test("what a person sent and nobody answered is said when the connection ends", () => {
  connection.act();
  socket.send("save");
  socket.close();
  assert.equal(lost, 1);
});

test("what was said of an absent server is taken back once the page is connected, not when it tries to be", () => {
  assert.equal(back, 0);
  socket.dispatchEvent(new Event("open"));
  assert.equal(back, 1);
});

test("what the page sent by itself is sent by itself again", () => {
  connection.act();
  passes(5000);
  socket.send("rerun");
  socket.close();
  assert.equal(lost, 0);
});

test("after a gap the socket is closed, so that the next click goes over a new one", async () => {
  there = false;
  for (let look = 0; look < 4; look += 1) {
    passes(10_000);
    await connection.look();
    assert.equal(socket.closed, false, "nobody is there to connect to");
  }
  there = true;
  passes(10_000);
  await connection.look();
  assert.equal(socket.closed, true);
  assert.equal(lost, 0, "nothing was sent");
});

test("a short gap, which the connection survives, changes nothing", async () => {
  there = false;
  passes(10_000);
  await connection.look();
  there = true;
  passes(5000);
  await connection.look();
  assert.equal(socket.closed, false);
});

test("a machine that slept connects anew; a tab in the background, which looks once a minute, does not", async () => {
  for (const ms of [10_000, 60_000, 60_000]) {
    passes(ms);
    await connection.look();
  }
  assert.equal(socket.closed, false);
  passes(600_000);
  await connection.look();
  assert.equal(socket.closed, true);
});

const ASKS = new TextEncoder().encode("Z\x0c\n\x03a=1*\x03abc0\x01"); // Streamlit's own: part abc asks for itself
const OTHER = new TextEncoder().encode("Z\x0c\n\x03a=1*\x03xyz0\x01");
const CLICK = new TextEncoder().encode("Z\x0a\n\x03a=1*\x03abc");
const PIECE = new Uint8Array([42, 2, 48, 0]).buffer; // a part of a picture, with something inside that looks like an end
const END = new Uint8Array([10, 1, 65, 48, 4]).buffer; // after a hash
const arrives = (data) => socket.dispatchEvent(Object.assign(new Event("message"), { data }));

test("a live picture is asked for again when the last one is there", () => {
  socket.send(ASKS);
  for (const data of [PIECE, PIECE]) {
    arrives(data);
    passes(400);
    socket.send(ASKS);
  }
  assert.deepEqual(socket.sent, [ASKS], "the rest of it is on its way");
  socket.send(OTHER);
  socket.send(CLICK);
  assert.deepEqual(socket.sent, [ASKS, OTHER, CLICK], "others wait for their own, and a person for none");
  arrives(END);
  socket.send(ASKS);
  assert.equal(socket.sent.length, 4);
});

test("a picture that never arrives is asked for once more, and over a new socket at once", () => {
  socket.send(ASKS);
  passes(9_000);
  socket.send(ASKS);
  assert.equal(socket.sent.length, 1);
  passes(2_000);
  socket.send(ASKS);
  assert.equal(socket.sent.length, 2);
  const Watched = watching(/** @type {any} */ (Socket), connection);
  socket = new Watched("ws://here/_stcore/stream");
  socket.send(ASKS);
  assert.equal(socket.sent.length, 1);
});

test("another socket of the page is left alone", () => {
  const Watched = watching(/** @type {any} */ (Socket), connection);
  const other = new Watched("ws://elsewhere/");
  connection.act();
  other.send("x");
  other.close();
  assert.equal(lost, 0);
});
