/** How wide text is in Inter, so that a chart is laid out alike where nothing can be measured. */

/** Thousandths of the font's size, from the space to the tilde, at weight 500. */
const widths = [
  267, 304, 494, 639, 646, 993, 653, 313, 369, 369, 521, 667, 303, 462, 303, 370, 646, 415, 616,
  627, 656, 603, 630, 571, 629, 630, 303, 315, 667, 667, 667, 527, 982, 709, 657, 733, 722, 603,
  589, 748, 745, 272, 575, 688, 565, 913, 756, 767, 642, 769, 648, 646, 653, 740, 709, 1003, 701,
  696, 641, 369, 370, 369, 477, 463, 337, 568, 618, 577, 618, 587, 379, 620, 602, 252, 252, 559,
  252, 888, 602, 604, 618, 618, 387, 539, 340, 602, 575, 829, 557, 575, 559, 440, 346, 440, 667,
];
const firstCode = 32;
const otherWidth = 760;

/** The width of one line, in the unit of `size`. */
export function textWidth(text: string, size: number): number {
  let sum = 0;
  for (const character of text) {
    sum += widths[(character.codePointAt(0) ?? 0) - firstCode] ?? otherWidth;
  }
  return (sum * size) / 1000;
}

/** The text, cut with an ellipsis where it would be wider than `limit`. */
export function fitText(text: string, size: number, limit: number): string {
  if (textWidth(text, size) <= limit) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, size) > limit) end -= 1;
  return `${text.slice(0, end)}…`;
}
