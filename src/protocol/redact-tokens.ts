/** Three base64url parts that begin with `{"`: a JSON Web Token, or the start of one that was cut. */
const jsonWebToken = /eyJ[\w-]+(?:\.[\w-]*){0,2}/g;

/** Replaces every JSON Web Token in a text that will be shown or logged. */
export function redactTokens(text: string): string {
  return text.replace(jsonWebToken, '<token>');
}
