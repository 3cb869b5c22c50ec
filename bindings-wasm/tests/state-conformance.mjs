// What every state must do; the same for each, in Node and in a page. `open` opens the same one again.
import assert from "./assert.mjs";

const value = text => new TextEncoder().encode(text);
const words = records => records.map(({ key, value: bytes }) => `${key}=${new TextDecoder().decode(bytes)}`).join(" ");

export const clauses = {
  "a key that was never written has no value": async state => {
    assert.deepEqual(await state.read(["a", "b"]), [undefined, undefined]);
    assert.equal((await state.scan("", undefined, 10)).length, 0);
  },
  "answers come in the order of the keys that were asked for": async state => {
    await state.write([{ key: "b", value: value("2") }, { key: "a", value: value("1") }]);
    const [a, none, b, again] = await state.read(["a", "x", "b", "a"]);
    assert.deepEqual([a, none, b, again].map(v => v && v[0]), [49, undefined, 50, 49]);
  },
  "a later record of the same key wins, and one without value removes": async state => {
    await state.write([{ key: "a", value: value("1") }, { key: "a", value: value("2") }, { key: "b", value: value("3") }, { key: "b" }]);
    assert.equal(words(await state.scan("", undefined, 10)), "a=2");
  },
  "a scan is by prefix, behind a key, in the order of bytes, and so long": async state => {
    await state.write(["p/b", "p/a", "p/~", "p/Z", "p0", "o", "p"].map(key => ({ key, value: value("") })));
    assert.equal(words(await state.scan("p/", undefined, 10)), "p/Z= p/a= p/b= p/~=");
    assert.equal(words(await state.scan("p/", "p/Z", 2)), "p/a= p/b=");
    assert.equal(words(await state.scan("p/", "p/~", 2)), "");
    assert.equal(words(await state.scan("p/", "a", 1)), "p/Z=");
    assert.equal(words(await state.scan("p/", "q", 1)), "");
  },
  "an empty value is a value": async state => {
    await state.write([{ key: "a", value: value("") }]);
    assert.equal((await state.read(["a"]))[0].length, 0);
  },
  "many writes at once are all carried out, in order": async state => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => state.write([{ key: "n", value: value(String(n)) }, { key: `k${n}`, value: value("x") }])));
    assert.equal(words(await state.scan("n", undefined, 10)), "n=49");
    assert.equal((await state.scan("k", undefined, 100)).length, 50);
  },
};

export const durable = {
  "what was written is there when it is opened again": async open => {
    const first = await open();
    await first.write([{ key: "a", value: value("1") }, { key: "gone", value: value("1") }]);
    await first.write([{ key: "gone" }]);
    await first.close();
    const second = await open();
    assert.equal(words(await second.scan("", undefined, 10)), "a=1");
    await second.close();
  },
};
