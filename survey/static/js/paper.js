/* The typing screen of paper forms. A key answers a question and moves on; Enter moves on; the
   last Enter, or + anywhere, stores. The next form is put into the same page, and what is typed
   while it is on its way waits for it: who types fast loses no key to a page that is not there
   yet. What is typed is kept on the server, so a reload loses nothing. Without this script the
   form is typed with Tab and sent with Enter. */
(function () {
'use strict';
var main = document.getElementById('main');
var queue = [];
var sending = false;
var timer = 0;
var sound = null;
var form, words, note, kept, fields;

// The form that is on the page now.
function take() {
form = document.getElementById('paper');
words = form.dataset;
note = document.getElementById('say');
kept = document.getElementById('kept');
fields = Array.prototype.slice.call(form.querySelectorAll('.key, textarea'));
fields.forEach(show);
}
// A short low tone; a machine without sound only shows the words.
function beep() {
try {
sound = sound || new AudioContext();
var tone = sound.createOscillator();
tone.frequency.value = 220;
tone.connect(sound.destination);
tone.start();
tone.stop(sound.currentTime + 0.12);
} catch (error) {}
}
function named(field) {
return Array.prototype.slice.call(field.parentNode.querySelectorAll('[data-key]'));
}
// Full width as typed in Chinese; 9 is as good as 0: don't know.
function plain(text) {
return text.normalize('NFKC').toLowerCase().replace(/9/g, '0').replace(/ /g, '');
}
function show(field) {
field.taken = field.value;
named(field).forEach(function (key) {
key.classList.toggle('on', plain(field.value).indexOf(key.dataset.key) >= 0);
});
}
function go(index) {
if (index >= fields.length) return store();
if (index < 0) return;
fields[index].focus();
fields[index].select();
}

function draft() {
timer = 0;
fetch(words.draft, { method: 'POST', body: new FormData(form) }).then(function (answer) {
kept.textContent = answer.ok ? '✓ ' + words.kept : '';
}, function () {
kept.textContent = '';
});
}
function soon() {
kept.textContent = '';
clearTimeout(timer);
timer = setTimeout(draft, 300);
}
// The answer is a page: the next form, this one with what is wrong, or the pile.
function store() {
if (sending) return;
sending = true;
clearTimeout(timer);
timer = 0;
note.textContent = words.storing;
var address;
fetch(form.action, { method: 'POST', body: new FormData(form) }).then(function (answer) {
address = answer.url;
return answer.text();
}).then(function (text) {
var page = new DOMParser().parseFromString(text, 'text/html');
if (!page.getElementById('paper')) return location.replace(address);
main.replaceChildren.apply(main, Array.prototype.slice.call(page.getElementById('main').childNodes));
document.title = page.title;
history.replaceState(null, '', address);
sending = false;
take();
fields[Math.max(0, fields.indexOf(form.querySelector('[autofocus]')))].focus();
scrollTo(0, 0);
while (queue.length && !sending) press(queue.shift());
}).catch(function () {
sending = false;
queue = [];
note.textContent = words.lost;
beep();
});
}
// A key that was typed while the form was on its way.
function press(key) {
var index = fields.indexOf(document.activeElement);
if (index < 0 || command(index, key)) return;
var field = fields[index];
field.value = field.dataset.kind === 'choice' ? key : field.value + key;
typed(index);
}

function typed(index) {
var field = fields[index];
if (!field.dataset.kind) return soon();
var isChoice = field.dataset.kind === 'choice';
if (isChoice && field.value) field.value = plain(field.value.slice(-1));
var keys = named(field).map(function (key) { return key.dataset.key; });
var wrong = plain(field.value).split('').filter(function (key) { return keys.indexOf(key) < 0; });
if (wrong.length) {
field.value = field.taken;
note.textContent = words.invalid.replace('{key}', wrong[0]).replace('{keys}', keys.join(' '));
beep();
return;
}
note.textContent = '';
show(field);
soon();
// The last question waits for Enter, so that a form is stored by intent.
if (isChoice && field.value && index + 1 < fields.length) go(index + 1);
}
// True when the key was a command.
function command(index, key) {
var field = fields[index];
var isText = !field.dataset.kind;
if (key === 'Enter') go(index + 1);
else if (key === '+' && (!isText || !field.value)) store();
else if (key === 'ArrowUp' && (!isText || field.selectionStart === 0)) go(index - 1);
else if (key === 'ArrowDown' && (!isText || field.selectionStart === field.value.length)) go(Math.min(index + 1, fields.length - 1));
else if (key === 'Backspace' && !isText && !field.value) go(index - 1);
else return false;
return true;
}

main.addEventListener('input', function (event) {
var index = fields.indexOf(event.target);
if (index >= 0) typed(index);
});
document.addEventListener('keydown', function (event) {
if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
if (sending) {
event.preventDefault();
if (!event.repeat && (event.key.length === 1 || event.key === 'Enter')) queue.push(event.key);
return;
}
var index = fields.indexOf(event.target);
if (index < 0 || (event.key === 'Enter' && (event.shiftKey || event.repeat))) return;
if (command(index, event.key)) event.preventDefault();
});
main.addEventListener('submit', function (event) {
if (event.target !== form) return;
event.preventDefault();
store();
});
// A closed page: what the timer still holds goes out at once. A reload may overtake it, so it is
// left in this tab for the page that follows, which takes it up and deletes it.
addEventListener('pagehide', function () {
if (!timer) return;
var values = fields.map(function (field) { return field.value; });
try {
sessionStorage.setItem('paper:' + location.pathname, JSON.stringify(values));
} catch (error) {}
navigator.sendBeacon(words.draft, new FormData(form));
});
take();
try {
var left = JSON.parse(sessionStorage.getItem('paper:' + location.pathname));
sessionStorage.removeItem('paper:' + location.pathname);
if (left) fields.forEach(function (field, index) {
field.value = left[index];
show(field);
});
} catch (error) {}
})();
