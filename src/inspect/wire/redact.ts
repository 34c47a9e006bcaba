/** What must not be seen: by the name it stands under, by its form, and by the very text where that is known. */
import { redactTokens } from '../../protocol/redact-tokens.ts';
import { REDACTED } from '../messages.ts';

/** In names of fields, whatever stands around it. */
const secretName =
  /token|secret|passw|passphrase|api_?-?key|access_?-?key|private_?-?key|authorization|credential|cookie|jwt|bearer/i;

/** Counted tokens of language models are no secrets. */
const counted = /tokens?$|count|limit|usage/i;

/** Whether anything below can match: most texts have none of it. */
const suspicious =
  /token|secret|passw|passphrase|key|auth|cookie|bearer|basic |eyj|sealed:|:\/\/[^\s/]*@|sk-/i;

/** Forms of secrets; what the first group catches stays. */
const forms: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(\bsealed:)[\w-]+/g,
  /(\b(?:bearer|basic) )[\w+/=.~-]{8,}/gi,
  /(\b[a-z][a-z\d+.-]*:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/gi,
  /(\bsk-)[\w-]{16,}/g,
  // `apiSecret: "..."`, `"token":"..."`, `?access_token=...`.
  /([\w-]*(?:token|secret|passw(?:or)?d|passphrase|api_?-?key|access_?-?key|authorization|cookie)[\w-]*\\?["']?\s*[:=]\s*\\?["']?)[^\s"'\\,;&})\]]{3,}/gi,
];

/** Names come again and again; programs that make new ones without end must not fill the memory. */
const maxNames = 5_000;
const maxNameLength = 200;

interface KnownName {
  isSecret: boolean;
  shown: string;
}

/** Shorter texts have no form of a secret. */
const minLength = 8;

/** Takes secrets out of texts and says which names hide them. */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #names = new Map<string, KnownName>();

  /** `secrets`: texts that are secret wherever they stand. */
  constructor(secrets: readonly string[] = []) {
    // What is shorter would be found in every other word.
    this.#secrets = secrets.filter((secret) => secret.length >= 4);
  }

  /** Whether what stands under that name is not shown. */
  hides(name: string, value: unknown): boolean {
    if (value === null || value === undefined || typeof value === 'boolean') return false;
    if (!this.#known(name).isSecret) return false;
    return !(typeof value === 'number' && counted.test(name));
  }

  /** The name of a field without what is secret in it. */
  name(name: string): string {
    return this.#known(name).shown;
  }

  /** The text without what is secret in it. */
  text(text: string): string {
    let shown = text;
    for (const secret of this.#secrets) {
      if (shown.includes(secret)) shown = shown.replaceAll(secret, REDACTED);
    }
    if (shown.length < minLength || !suspicious.test(shown)) return shown;
    shown = redactTokens(shown);
    for (const form of forms) shown = shown.replace(form, `$1${REDACTED}`);
    return shown;
  }

  #known(name: string): KnownName {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const looked = { isSecret: secretName.test(name), shown: this.text(name) };
    if (this.#names.size < maxNames && name.length <= maxNameLength) this.#names.set(name, looked);
    return looked;
  }
}
