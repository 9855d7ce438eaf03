const CANDIDATE = /https?:\/\/[^\s<>"]+/gi;

/** A text as parts `{text, href?}`: http(s) addresses become links, everything else stays text. */
export function parts(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const spelled = withoutPunctuation(match[0]);
    if (!isWeb(spelled)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: spelled, href: spelled });
    end = match.index + spelled.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

// "(see https://a.b/c)." ends in a sentence's marks, "https://a.b/c_(d)" in its own.
function withoutPunctuation(address) {
  let text = address;
  while (/[.,;:!?'*_~\])}]$/.test(text) && !closesItsOwn(text)) text = text.slice(0, -1);
  return text;
}

function closesItsOwn(text) {
  const opening = { ")": "(", "]": "[", "}": "{" }[text.at(-1)];
  return opening !== undefined && count(text, opening) >= count(text, text.at(-1));
}

function count(text, character) {
  return text.split(character).length - 1;
}

function isWeb(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
