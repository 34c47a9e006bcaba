/** Three base64url parts that begin with `{"`: a JSON Web Token, or the start of one that was cut. */
const jsonWebToken = /eyJ[\w-]+(?:\.[\w-]*){0,2}/g;

const placeholder = '<token>';

/** Replaces every JSON Web Token in a text that will be shown or logged. */
export function redactTokens(text: string): string {
  return text.replace(jsonWebToken, placeholder);
}

/** Replaces a token of another form, too, also as it stands in a URL. */
export function redactToken(text: string, token: string | null): string {
  const redacted = redactTokens(text);
  if (token === null) return redacted;
  return redacted.replaceAll(token, placeholder).replaceAll(encodeURIComponent(token), placeholder);
}
