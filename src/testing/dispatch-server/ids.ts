const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const length = 12;

/** What an id of the server begins with. */
export type IdPrefix = 'AW' | 'AJ' | 'AD' | 'RM' | 'PA' | 'TR' | 'ND';

/** Makes ids as LiveKit's server does: a prefix and twelve characters that cannot be mistaken for each other. */
export function newId(prefix: IdPrefix, random: () => number): string {
  let id = `${prefix}_`;
  for (let place = 0; place < length; place += 1) {
    id += alphabet[Math.floor(random() * alphabet.length)];
  }
  return id;
}
