const TOGETHER = 5 * 60; // seconds within which one author's messages form a group

/**
 * What a room shows, from top to bottom: day separators, holes, messages, and what is still on its way.
 * Every row has a `key` that stays the same as long as it is the same thing.
 */
export function rows({ messages, gaps, pending, isOwn, claims = () => false }) {
  const list = [];
  let previous = null;
  for (const message of messages) {
    const own = isOwn(message.id) || claims(message.id);
    previous = push(list, previous, {
      type: "message",
      key: message.id,
      message,
      own,
      author: `${own}/${message.nick}/${message.dyno}`,
      time: message.time,
    });
    if (gaps.has(message.id)) {
      list.push({ type: "gap", key: `gap-${message.id}`, after: message.id, gap: gaps.get(message.id) });
      previous = { ...previous, author: null };
    }
  }
  for (const entry of pending) {
    const author = previous?.own ? previous.author : `true/${entry.nickname}`;
    const row = { type: "pending", key: `pending-${entry.key}`, entry, own: true, author };
    previous = push(list, previous, { ...row, time: entry.created });
  }
  return list;
}

function push(list, previous, row) {
  const day = dayOf(row.time);
  if (day !== previous?.day) list.push({ type: "day", key: `day-${day}-${row.key}`, time: row.time });
  const first =
    day !== previous?.day || row.author !== previous.author || row.time - previous.time > TOGETHER;
  list.push({ ...row, first });
  return { ...row, day };
}

function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** "Today", "Yesterday", or the date. */
export function dayName(seconds, now, locale = undefined) {
  const day = dayOf(seconds);
  if (day === dayOf(now)) return "Today";
  if (day === dayOf(now - 24 * 3600)) return "Yesterday";
  const date = new Date(seconds * 1000);
  const sameYear = date.getFullYear() === new Date(now * 1000).getFullYear();
  const year = sameYear ? {} : { year: "numeric" };
  return date.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long", ...year });
}
