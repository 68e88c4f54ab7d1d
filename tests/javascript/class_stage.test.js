// The stage of a class: what it tells the seats, and how it finds out what is true.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Line } from "../../kdviz/components/kdviz.shared/line.js";
import { answers, truthOf } from "../../kdviz/components/kdviz.shared/truth.js";
import { taughtWins } from "../../kdviz/components/playground/sentence.js";
import { Classroom } from "../../kdviz/components/stage/classroom.js";

const OPENED = { code: "KQRT", address: "http://192.168.1.7:8501/seat?class=KQRT", qr: "data:," };

/** A classroom with sockets that note what is said, and a clock that only goes when it is told to. */
function makeClass(opened = OPENED) {
  const [sockets, kept, waits] = [[], [], []];
  const surroundings = {
    find: async () => opened,
    keep: async (_code, text) => kept.push(text) && (text.includes("large") ? null : `hash-${kept.length}`),
    line: (_code, hear, tell) => new Line({
      open: () => {
        const socket = { readyState: 1, said: [], send: (text) => socket.said.push(JSON.parse(text)), close: () => {}, onmessage: null, onclose: null };
        sockets.push(socket);
        return socket;
      },
      now: () => 0, later: (call, wait) => waits.push([wait, call]), random: () => 0,
    }, hear, tell),
  };
  const hear = (message) => sockets.at(-1).onmessage({ data: JSON.stringify({ seats: 0, ask: null, counts: null, drawings: [], points: [], fresh: true, ...message }) });
  return { room: new Classroom(surroundings), sockets, kept, waits, hear };
}

const settled = () => new Promise((fulfil) => { setTimeout(fulfil); });
const picture = (name, data = { name }) => ({ component: "soft_targets", data, state: { controls: ["1"] } });

test("the seats are told what is shown once, and its data are sent once", async () => {
  const { room, sockets, kept, hear } = makeClass();
  await room.find();
  const [one, same] = [{ bars: [1] }, { bars: [1] }];
  const facts = (data, T) => ({ page: "soft_targets", T, pictures: [picture("", data)] });
  room.show(facts(one, "4.00"));
  assert.deepEqual(sockets[0].said, [], "before the line is open");
  hear({ seats: 3 });
  assert.equal(room.seats, 3);
  room.show(facts(one, "4.00"));
  assert.deepEqual(sockets[0].said, [], "a picture is not shown before its data are there");
  await settled();
  for (const T of ["4.00", "4.00", "5.00"]) room.show(facts(one, T));
  room.show(facts(same, "5.00")); // the server has run the page again
  await settled();
  room.show(facts(same, "5.00"));
  assert.deepEqual(sockets[0].said.map(({ show }) => show.T), ["4.00", "5.00"]);
  assert.deepEqual(sockets[0].said[1].show.pictures, [{ component: "soft_targets", data: "hash-1", state: { controls: ["1"] } }]);
  assert.equal(kept.length, 1);
});

test("what is too large for the seats is left out, and the rest is shown", async () => {
  const { room, sockets, hear } = makeClass();
  await room.find();
  hear({});
  const facts = { page: "loss", pictures: [picture("large"), picture("small")] };
  room.show(facts);
  await settled();
  room.show(facts);
  assert.deepEqual(sockets[0].said[0].show.pictures.map(({ data }) => data), ["hash-2"]);
});

test("after a lost line the stage says anew what it shows; after the end it says nothing more", async () => {
  const { room, sockets, waits, hear } = makeClass();
  await room.find();
  hear({});
  const facts = { page: "loss", pictures: [] };
  room.show(facts);
  sockets[0].onclose({ code: 1006 });
  assert.equal(waits[0][0], 500);
  waits[0][1]();
  hear({});
  room.show(facts);
  assert.deepEqual(sockets[1].said, [{ show: facts }]);
  room.poll(true, { choice: 1, says: "A 7." });
  room.end();
  assert.deepEqual(sockets[1].said.slice(1), [{ poll: { closed: true, truth: { choice: 1, says: "A 7." } } }, { end: true }]);
  sockets[1].onclose({ code: 4410 });
  assert.equal(room.opened, null);
  room.show({ page: "temperature", pictures: [] });
  assert.equal(sockets.length, 2);
});

test("without a class nothing is opened", async () => {
  const { room, sockets } = makeClass(null);
  await room.find();
  room.show({ page: "loss", pictures: [] });
  assert.deepEqual([room.opened, sockets], [null, []]);
});

test("the truth of a question is the picture's of the moment, as long as it is there", () => {
  const ui = { endings: [] };
  let now = null;
  answers(ui, "second-digit", () => now);
  assert.equal(truthOf("second-digit"), null);
  now = { key: "7", says: "" };
  assert.equal(truthOf("second-digit"), now);
  answers({ endings: [] }, "second-digit", () => ({ key: "1", says: "" })); // the next page's, before this one goes
  ui.endings.forEach((end) => end());
  assert.equal(truthOf("second-digit").key, "1");
  assert.equal(truthOf("best-teacher"), null);
});

test("the taught student wins where the held-out images show it, and nobody before the first update", () => {
  const frame = (taught, plain, updates = 500) => ({ updates, counts: { n: 1000, taught, plain, teacher: null }, stopped: { taught: false, plain: false } });
  assert.equal(taughtWins(frame(890, 710)), "yes");
  assert.equal(taughtWins(frame(710, 890)), "no");
  assert.equal(taughtWins(frame(890, 880)), "even");
  assert.equal(taughtWins(frame(890, 710, 100)), null);
});
