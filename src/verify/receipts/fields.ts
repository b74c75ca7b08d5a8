import { AssentError, fromHex, toHex } from '../../base/index.ts';
import type { CanonicalValue } from '../../ledger/portable.ts';

/**
 * A field of a receipt in its two forms: a value of the canonical subset, and JSON with bytes as hexadecimal. Both are
 * read strictly, so that a content has one form of each kind, and either gives the other without loss.
 */
export interface Field<T> {
  toWire(value: T): CanonicalValue;
  /** Throws `receipt-malformed`. */
  fromWire(wire: CanonicalValue | undefined): T;
  toJson(value: T): Json;
  /** Throws `receipt-malformed`. */
  fromJson(json: unknown): T;
}

export type Json = null | string | number | readonly Json[] | { readonly [name: string]: Json };

export function bytes(lengthMin: number, lengthMax: number): Field<Uint8Array> {
  const check = (value: unknown): Uint8Array => {
    if (!(value instanceof Uint8Array) || value.length < lengthMin || value.length > lengthMax)
      throw malformed(`a byte string is not of ${lengthMin} to ${lengthMax} bytes`);
    return value;
  };
  return {
    toWire: check,
    fromWire: check,
    toJson: (value) => toHex(check(value)),
    fromJson: (json) => check(typeof json === 'string' && json.length <= 2 * lengthMax ? fromHex(json) : undefined),
  };
}

export function text(lengthMax: number): Field<string> {
  return same((value) => {
    if (typeof value !== 'string' || value.length === 0 || value.length > lengthMax || !/^[!-~]+$/.test(value))
      throw malformed(`a text is not of 1 to ${lengthMax} printable ASCII characters`);
    return value;
  });
}

export function exactly<const T extends string | number>(expected: T): Field<T> {
  return same((value) => {
    if (value !== expected) throw malformed(`it does not say ${expected} where it should`);
    return expected;
  });
}

export const count: Field<number> = same((value) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0))
    throw malformed('a number is no count');
  return value;
});

/** Nil where there is nothing. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    toWire: (value) => (value === undefined ? null : field.toWire(value)),
    fromWire: (wire) => (wire === null ? undefined : field.fromWire(wire)),
    toJson: (value) => (value === undefined ? null : field.toJson(value)),
    fromJson: (json) => (json === null ? undefined : field.fromJson(json)),
  };
}

export function list<T>(field: Field<T>, lengthMax: number): Field<readonly T[]> {
  const check = (value: unknown): readonly unknown[] => {
    if (!Array.isArray(value) || value.length > lengthMax)
      throw malformed(`a list is none of at most ${lengthMax} items`);
    return value;
  };
  return {
    toWire: (items) => check(items).map((item) => field.toWire(item as T)),
    fromWire: (wire) => check(wire).map((item) => field.fromWire(item as CanonicalValue)),
    toJson: (items) => items.map((item) => field.toJson(item)),
    fromJson: (json) => check(json).map((item) => field.fromJson(item)),
  };
}

/** In binary an array of the fields in their order, in JSON an object with their names. */
export function record<T extends object>(fields: { readonly [Name in keyof T]-?: Field<T[Name]> }): Field<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const built = (read: (name: string, field: Field<unknown>, index: number) => unknown): T =>
    Object.fromEntries(entries.map(([name, field], index) => [name, read(name, field, index)])) as T;
  const fieldOf = (value: T, name: string): unknown => value[name as keyof T];
  return {
    toWire: (value) => entries.map(([name, field]) => field.toWire(fieldOf(value, name))),
    fromWire(wire) {
      if (!Array.isArray(wire) || wire.length !== entries.length)
        throw malformed(`a record does not have ${entries.length} fields`);
      return built((_, field, index) => field.fromWire(wire[index]));
    },
    toJson: (value) =>
      Object.fromEntries(entries.map(([name, field]) => [name, field.toJson(fieldOf(value, name))])) as Json,
    fromJson(json) {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed('a record is no object');
      const object = json as Readonly<Record<string, unknown>>;
      if (Object.keys(object).length !== entries.length || !entries.every(([name]) => Object.hasOwn(object, name)))
        throw malformed(`a record has other fields than ${entries.map(([name]) => name).join(', ')}`);
      return built((name, field) => field.fromJson(object[name]));
    },
  };
}

export function malformed(reason: string, cause?: unknown): AssentError {
  return new AssentError('receipt-malformed', `This is no receipt: ${reason}.`, {}, { cause });
}

function same<T extends string | number>(check: (value: unknown) => T): Field<T> {
  return { toWire: check, fromWire: check, toJson: check, fromJson: check };
}
