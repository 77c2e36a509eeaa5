/* The typing screen of paper forms. A key answers a question and moves on; Enter moves on; the
   last Enter, or + anywhere, stores. What is typed is kept on the server after every key, so a
   reload loses nothing. Without this script the form is typed with Tab and sent with Enter. */
(function () {
'use strict';
var form = document.getElementById('paper');
var words = form.dataset;
var note = document.getElementById('say');
var kept = document.getElementById('kept');
var fields = Array.prototype.slice.call(form.querySelectorAll('.key, textarea'));
var sending = false;
var timer = 0;
var sound = null;

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
function keysOf(field) {
var named = field.parentNode.querySelectorAll('[data-key]');
return Array.prototype.map.call(named, function (key) { return key.dataset.key; });
}
// 9 is as good as 0: don't know.
function plain(sign) {
return sign.normalize('NFKC').toLowerCase().replace('9', '0');
}
function show(field) {
var value = plain(field.value);
Array.prototype.forEach.call(field.parentNode.querySelectorAll('[data-key]'), function (key) {
key.classList.toggle('on', value.indexOf(key.dataset.key) >= 0);
});
}
function go(index) {
if (index >= fields.length) return store();
if (index < 0) return;
fields[index].focus();
if (fields[index].select) fields[index].select();
}

function draft() {
clearTimeout(timer);
timer = 0;
return fetch(words.draft, { method: 'POST', body: new FormData(form) }).then(function (answer) {
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
// The answer of the server is a page: the next form, or this one with what is wrong.
function store() {
if (sending) return;
sending = true;
clearTimeout(timer);
timer = 0;
note.textContent = words.storing;
fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'follow' }).then(function (answer) {
if (answer.redirected) location.replace(answer.url);
else form.submit();
}, function () {
sending = false;
note.textContent = words.lost;
beep();
});
}

fields.forEach(function (field, index) {
var before = field.value;
var isChoice = field.dataset.kind === 'choice';
if (field.dataset.kind) show(field);
field.addEventListener('focus', function () { before = field.value; });
field.addEventListener('input', function () {
if (!field.dataset.kind) return soon();
if (isChoice && field.value) field.value = plain(field.value.slice(-1));
var keys = keysOf(field);
var wrong = plain(field.value).replace(/ /g, '').split('').filter(function (key) { return keys.indexOf(key) < 0; });
if (wrong.length) {
field.value = before;
note.textContent = words.invalid.replace('{key}', wrong[0]).replace('{keys}', keys.join(' '));
beep();
return;
}
before = field.value;
note.textContent = '';
show(field);
soon();
// The last question waits for Enter, so that a form is stored by intent.
if (isChoice && field.value && index + 1 < fields.length) go(index + 1);
});
field.addEventListener('keydown', function (event) {
if (event.isComposing || event.keyCode === 229) return;
var isText = !field.dataset.kind;
if (event.key === 'Enter' && !(isText && event.shiftKey)) {
event.preventDefault();
if (!event.repeat) go(index + 1);
} else if (event.key === '+' && !isText) {
event.preventDefault();
store();
} else if (event.key === 'ArrowUp' && (!isText || field.selectionStart === 0)) {
event.preventDefault();
go(index - 1);
} else if (event.key === 'ArrowDown' && (!isText || field.selectionStart === field.value.length)) {
event.preventDefault();
if (index + 1 < fields.length) go(index + 1);
} else if (event.key === 'Backspace' && !isText && !field.value) {
event.preventDefault();
go(index - 1);
}
});
});
form.addEventListener('submit', function (event) {
event.preventDefault();
store();
});
// A reload or a closed page: what the timer still holds goes out at once.
addEventListener('pagehide', function () {
if (timer && navigator.sendBeacon) navigator.sendBeacon(words.draft, new FormData(form));
});
})();
