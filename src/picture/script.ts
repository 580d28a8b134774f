/**
 * What makes the page live: plain JavaScript for the browser, as text. It asks for the body every 2 s and changes what
 * differs, element by element: whoever reads, has something open or stands somewhere with the keyboard stays there.
 */
export const PAGE_SCRIPT = `'use strict';
(() => {
  const EVERY_MS = 2000;
  const PATIENCE_MS = 8000;
  const connection = document.getElementById('connection');
  let timer;
  let asking;
  let heard = new Date();

  const clock = (date) => date.toISOString().slice(11, 19) + ' UTC';

  function say(text, state) {
    if (connection.textContent !== text) connection.textContent = text;
    if (connection.dataset.state !== state) connection.dataset.state = state;
    document.documentElement.dataset.connection = state;
  }

  function keyOf(node) {
    return node.nodeType === 1 ? node.id || node.dataset.key || node.localName + '.' + (node.classList[0] || '') : '#text';
  }

  function same(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || '') === (other.id || '');
  }

  function attributes(from, to) {
    const isOpen = from.localName === 'details';
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(isOpen && name === 'open')) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (isOpen && name === 'open') continue;
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
  }

  function morph(from, to) {
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    if (from.isEqualNode(to)) return;
    attributes(from, to);
    children(from, to);
  }

  function children(from, to) {
    const known = new Map();
    for (const child of from.childNodes) {
      const key = keyOf(child);
      if (!known.has(key)) known.set(key, []);
      known.get(key).push(child);
    }
    const pairs = [...to.childNodes].map((wanted) => {
      const candidates = known.get(keyOf(wanted)) || [];
      const found = candidates.findIndex((one) => same(one, wanted));
      return [wanted, found < 0 ? undefined : candidates.splice(found, 1)[0]];
    });
    for (const left of known.values()) for (const child of left) child.remove();
    let place = from.firstChild;
    for (const [wanted, kept] of pairs) {
      if (!kept) from.insertBefore(document.importNode(wanted, true), place);
      else if (kept === place) place = place.nextSibling;
      else from.insertBefore(kept, place);
      if (kept) morph(kept, wanted);
    }
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, 'text/html').getElementById('body');
    const now = document.getElementById('body');
    if (!next || !now) throw new Error('the answer is no picture');
    morph(now, next);
    const title = now.dataset.title || document.title;
    if (document.title !== title) document.title = title;
  }

  async function look() {
    asking = new AbortController();
    const impatience = setTimeout(() => asking.abort(), PATIENCE_MS);
    try {
      const answer = await fetch('page', { cache: 'no-store', credentials: 'same-origin', signal: asking.signal });
      if (!answer.ok) throw new Error('HTTP ' + answer.status);
      show(await answer.text());
      heard = new Date();
      say('live', 'live');
    } catch {
      if (!document.hidden) lost('Not connected since ' + clock(heard));
    } finally {
      clearTimeout(impatience);
    }
  }

  function lost(text) {
    say(text, 'lost');
    const said = document.getElementById('said');
    if (said && said.textContent !== text) said.textContent = text;
  }

  let turn = 0;
  async function go() {
    clearTimeout(timer);
    turn += 1;
    const mine = turn;
    await look();
    if (mine === turn && !document.hidden) timer = setTimeout(go, EVERY_MS);
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) {
      if (asking) asking.abort();
      say('resting', 'resting');
    } else void go();
  });
  if (!document.hidden) void go();
})();
`;
