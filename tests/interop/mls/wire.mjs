// Bytes are lower-case hex on our side and structures on that of ts-mls.
import {decodeMlsMessage, encodeMlsMessage} from 'ts-mls';

export const hex = (bytes) => Buffer.from(bytes).toString('hex');

export function bytes(text) {
  if (typeof text !== 'string' || text.length % 2 || /[^0-9a-f]/.test(text)) {
    throw new Error(`not lower-case hex: ${text}`);
  }
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** What `decoder` makes of all of `text`. */
export function decode(decoder, text) {
  const data = bytes(text);
  const [value, length] = decoder(data, 0) ?? [];
  if (length !== data.length) throw new Error('does not decode, or bytes are left over');
  return value;
}

export function decodeMessage(text, ...wireformats) {
  const message = decode(decodeMlsMessage, text);
  if (!wireformats.includes(message.wireformat)) throw new Error(`is an ${message.wireformat}`);
  return message;
}

export const encodeMessage = (message) => hex(encodeMlsMessage({version: 'mls10', ...message}));
