import { z } from 'zod';
import { assert } from '../../base/index.ts';
import { decodeCanonical, encodeCanonical, ledgerLimits, type StateKey, type StateView } from '../ledger-types.ts';
import { SchemaError, wireCodec } from './wire.ts';

interface WritingView {
  put(key: StateKey, value: Uint8Array): void;
  delete(key: StateKey): void;
}

const plainPart = /^[\x21-\x2e\x30-\x7e]+$/;

/** A typed value of the state under `<prefix>/<part>/…`. Parts are ASCII without a slash: hex, names. */
export interface StateRecord<T> {
  key(...parts: readonly string[]): StateKey;
  get(state: StateView, ...parts: readonly string[]): T | undefined;
  put(state: WritingView, parts: readonly string[], value: T): void;
  delete(state: WritingView, parts: readonly string[]): void;
  /** What is stored under the key, of what changes at nearly every reading: {@link get} remembers what it says. */
  decode(stored: Uint8Array): T;
  encode(value: T): Uint8Array;
  /** The value in JSON form: bytes as hex, keys as DIDs. */
  toJson(value: T): Record<string, unknown>;
}

/**
 * Declares typed state. The prefix starts with the contract's namespace, for instance `consent/grant`.
 * @throws SchemaError when the schema has no wire form, a value of it could outgrow what the ledger stores (it would
 * stop every node), or the prefix is not lower-case words.
 */
export function stateRecord<S extends z.ZodObject>(prefix: string, schema: S, version = 1): StateRecord<z.output<S>> {
  if (!/^[a-z]+(-[a-z]+)*(\/[a-z]+(-[a-z]+)*)*$/.test(prefix)) throw new SchemaError(`state prefix "${prefix}"`);
  const codec = wireCodec(schema, prefix, version);
  if (codec.bytesMax > ledgerLimits.stateValueBytesMax)
    throw new SchemaError(`${prefix}: a value could grow to ${codec.bytesMax} bytes, more than the ledger stores`);
  const key = (...parts: readonly string[]): StateKey => {
    let place = prefix;
    for (const part of parts) {
      assert(plainPart.test(part), `a part of a state key under ${prefix} is empty or not plain ASCII`);
      place += `/${part}`;
    }
    return place;
  };
  // Stored bytes never change, so what they decode to is remembered as long as they are.
  const remembered = new WeakMap<Uint8Array, z.output<S>>();
  const decode = (stored: Uint8Array): z.output<S> => {
    const decoded = codec.fromWire(decodeCanonical(stored));
    assert(
      decoded.ok,
      `state under ${prefix} is not what this rule set wrote${decoded.ok ? '' : `: ${decoded.problem}`}`,
    );
    return decoded.value;
  };
  const encode = (value: z.output<S>): Uint8Array => encodeCanonical(codec.toWire(value));
  return {
    key,
    get(state, ...parts) {
      const stored = state.get(key(...parts));
      if (stored === undefined) return undefined;
      let value = remembered.get(stored);
      if (value === undefined) {
        value = decode(stored);
        remembered.set(stored, value);
      }
      return value;
    },
    put(state, parts, value) {
      state.put(key(...parts), encode(value));
    },
    delete(state, parts) {
      state.delete(key(...parts));
    },
    decode,
    encode,
    toJson: (value) => z.encode(schema, value) as Record<string, unknown>,
  };
}
