'use strict';
// What the pages do beyond forms and links: they ask before they decide, and hear of changes while they are open. Without this
// script they work as well. Nothing here turns text into markup.

// -- deciding: the button of an approval waits for its word, and each asks once more
for (const field of document.querySelectorAll('[data-word]')) {
  const buttons = field.form.querySelectorAll('[value=approve], [data-passkey]');
  const look = () => { for (const b of buttons) b.disabled = field.value.trim().toLowerCase() !== field.dataset.word; };
  field.addEventListener('input', look);
  look();
}

let leaving = false; // a form is on its way: what comes in between changes nothing here
document.addEventListener('submit', (event) => {
  const sure = event.submitter?.dataset.sure;
  if (leaving || (sure && !window.confirm(sure))) event.preventDefault();
  else if (event.target.method === 'post') leaving = true;
});
window.addEventListener('pageshow', () => { leaving = false; });

// -- passkeys: the server says what a key is to sign, the browser asks it, and its answer goes with the form
const able = window.isSecureContext && window.PublicKeyCredential?.parseRequestOptionsFromJSON;
for (const part of document.querySelectorAll('[data-passkey]')) part.hidden = !able;
for (const part of document.querySelectorAll('.no-passkey')) part.hidden = Boolean(able);

function put(form, name, value) {
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', className: 'signed', name, value }));
}

async function askKey(form, path) {
  const asked = await fetch(path, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  const options = await asked.json();
  if (!asked.ok) throw new Error(options.error);
  if (path === '/passkeys/new') {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const { response } = (await navigator.credentials.create({ publicKey })).toJSON();
    put(form, 'client', response.clientDataJSON);
    put(form, 'attestation', response.attestationObject);
    return;
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  put(form, 'passkey', JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON()));
  put(form, 'do', 'approve');
}

for (const button of document.querySelectorAll('[data-passkey]')) {
  button.addEventListener('click', async () => {
    const says = document.getElementById('passkey-says');
    if (leaving || !button.form.reportValidity()) return;
    button.disabled = true;
    says.hidden = true;
    try {
      await askKey(button.form, button.dataset.passkey);
      button.form.requestSubmit();
    } catch (problem) {
      says.textContent = `${button.dataset.failed}: ${problem.message}`;
      says.hidden = false;
    }
    for (const field of button.form.querySelectorAll('.signed')) field.remove(); // a signature is sent once
    button.disabled = false;
  });
}

// -- side by side or not is remembered by the browser
const side = document.getElementById('side');
if (side) {
  try { side.checked = localStorage.getItem('side') === 'yes'; } catch { /* no storage: not remembered */ }
  side.addEventListener('change', () => { try { localStorage.setItem('side', side.checked ? 'yes' : 'no'); } catch { /* the same */ } });
}

// -- the keyboard: j and k go through lists, / searches
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
  const links = [...document.querySelectorAll('.changes li > a, .map a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'j') links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === 'k') links[Math.max(at - 1, 0)]?.focus();
  else if (event.key === '/') document.querySelector('[name=object], [name=find]')?.focus();
  else return;
  event.preventDefault();
});

// -- news: what is fresh is put in the place of what is old, unless a person decides upon it here
function fetchPage(done) {
  const ask = new XMLHttpRequest();
  ask.responseType = 'document';
  ask.open('GET', location.href);
  ask.setRequestHeader('X-News', '1'); // nobody is at work: the session stays as idle as it is
  ask.onload = () => { if (ask.status === 200 && ask.response) done(ask.response); };
  ask.send();
}

function countWaiting(n) { // '', '3', '99+'; '?': it could not be read
  const badge = document.getElementById('waiting');
  if (!badge) return;
  badge.textContent = n;
  badge.hidden = !n;
  document.title = (n ? `(${n}) ` : '') + document.title.replace(/^\([\d+?]+\) /, '');
}

function takeNews() {
  const view = document.getElementById('view');
  if (leaving) return;
  fetchPage((fresh) => {
    const now = fresh.getElementById('view')?.dataset.state;
    if (view && now && now !== view.dataset.state) {
      const typed = [...document.querySelectorAll('textarea, #word')].some((field) => field.value);
      if (!typed) location.reload();
      else document.getElementById('news').hidden = false;
      return;
    }
    for (const old of document.querySelectorAll('[data-fresh]')) {
      const next = fresh.querySelector(`[data-fresh="${old.dataset.fresh}"]`);
      if (next && !old.contains(document.activeElement) && !old.isEqualNode(next)) old.replaceWith(document.adoptNode(next));
    }
  });
}

// A browser has few connections to one server: only a page that somebody sees listens.
let news = null;
function listen() {
  if (document.hidden || news) return;
  let first = true;
  const known = document.getElementById('waiting')?.textContent;
  news = new EventSource(document.body.dataset.live);
  news.addEventListener('news', (event) => {
    countWaiting(event.data);
    if (!first || event.data !== known) takeNews();
    first = false;
  });
}

if (document.body.dataset.live) {
  listen();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      news?.close();
      news = null;
    } else {
      listen();
      takeNews();
    }
  });
}
