/* The resident's page with script: keeps what was answered on this phone, counts what is left,
   and sends it once when the network is back. Without script the form works as it is; without
   storage everything but the keeping works. Plain JavaScript of 2015: WeChat's older browsers. */
(function () {
var DAY = 864e5;
var root = document.documentElement;

// Storage may be full, switched off or hold something else: then nothing is kept, and keep says so.
function read(name) {
try {
return JSON.parse(localStorage.getItem('jieping:' + name));
} catch (error) {
return null;
}
}
function keep(name, value) {
try {
if (value === null) localStorage.removeItem('jieping:' + name);
else localStorage.setItem('jieping:' + name, JSON.stringify(value));
return true;
} catch (error) {
return false;
}
}

// Before anything is painted, so that nothing moves.
var size = read('size');
root.classList.add('js');
if (size) root.classList.toggle('large', size === 'large');

function start() {
var form = document.getElementById('form');
var link = document.getElementById('size');
if (link) link.onclick = function (event) {
event.preventDefault();
keep('size', root.classList.toggle('large') ? 'large' : 'normal');
};
// A receipt that follows from a form: what that form kept has arrived.
if (document.body.hasAttribute('data-receipt')) {
keep(document.referrer.split('?')[0].slice(location.origin.length), null);
}
if (form) ask(form);
}

function ask(form) {
var place = location.pathname;
var words = form.dataset;
var key = form.elements.submission_key;
var ownKey = key.value;
var button = document.getElementById('go');
var label = button.textContent;
var counter = document.querySelector('#bar span');
var start = counter.textContent;
var bar = document.getElementById('done');
var needed = form.querySelectorAll('.need');
var folds = form.querySelectorAll('.more');
var chosen = '[type=radio]:checked';
var note = document.getElementById('say');
var sending = false;
// Whether something waits to be sent, and its age in ms when this page began to count.
var waiting = false;
var waited = 0;
var since = 0;

function fields(visit) {
for (var i = 0; i < form.elements.length; i++) {
var field = form.elements[i];
if (field.name && field.name !== 'lang') visit(field);
}
}
// Rows and tags count when they are ticked; each is kept under a name of its own, with "=".
function ticks(field) {
return field.type === 'radio' || field.type === 'checkbox';
}
function slot(field) {
return ticks(field) ? field.name + '=' + field.value : field.name;
}
function save() {
var draft = { at: Date.now(), age: waiting ? age() : -1, values: {} };
fields(function (field) {
if (!ticks(field) || field.checked) draft.values[slot(field)] = field.value;
});
return keep(place, draft);
}
function say(text, action, act) {
note.hidden = !text;
note.firstElementChild.textContent = text || '';
note.lastElementChild.hidden = !action;
note.lastElementChild.textContent = action || '';
note.lastElementChild.onclick = act;
}
function count() {
var done = 0;
for (var i = 0; i < needed.length; i++) {
if (needed[i].querySelector(chosen)) done++;
}
// What follows from an answer; what was filled in there is never hidden.
for (i = 0; i < folds.length; i++) {
var open = folds[i].parentNode.querySelector('.low :checked') || folds[i].querySelector(':checked,.bad') || folds[i].querySelector('[placeholder]').value;
folds[i].className = open ? 'more open' : 'more';
}
bar.value = done;
counter.textContent = done ? words.done.replace('{n}', done) : start;
return needed.length - done;
}
function stop() {
waiting = false;
save();
say(words.stopped);
}

// The first open question comes into sight with its mistake named; true when there is none.
function complete() {
var left = count();
var first = null;
for (var i = 0; left && i < needed.length; i++) {
var question = needed[i];
if (question.querySelector(chosen)) continue;
first = first || question;
question.classList.add('bad');
if (!question.querySelector('.error')) {
var error = document.createElement('p');
error.className = 'error';
error.id = 'e-' + question.id;
error.textContent = words.missing;
question.insertBefore(error, question.querySelector('div'));
question.setAttribute('aria-describedby', (question.getAttribute('aria-describedby') || '') + ' ' + error.id);
}
}
if (!first) return true;
say(words.left.replace('{n}', left));
first.querySelector('input').focus({ preventScroll: true });
first.scrollIntoView();
return false;
}

function busy(on) {
sending = on;
button.setAttribute('aria-disabled', on);
button.textContent = on ? words.sending : label;
}
// The browser's own way: its answer, a page with mistakes or a notice, is shown as it is.
function submitPlainly() {
waiting = false;
save();
form.submit();
}
function lost() {
busy(false);
say(save() ? words.lost : words.full, words.stop, stop);
}
// A retry carries the same submission key: the server stores it once and gives one receipt.
function send() {
if (sending) return;
busy(true);
if (!waiting) wait(0);
save();
if (!window.fetch || !window.URLSearchParams) return submitPlainly();
var body = new URLSearchParams('lang=' + form.elements.lang.value);
fields(function (field) {
if (!ticks(field) || field.checked) body.append(field.name, field.value);
});
var patience = setTimeout(lost, 20000);
fetch(form.action, { method: 'POST', body: body }).then(function (response) {
clearTimeout(patience);
var status = response.status;
// A page that is not ours, such as the sign-in of a public network, answers 200.
if (status === 429 || status >= 500 || (status < 400 && response.url.indexOf('/r/') < 0)) lost();
else if (status < 400) {
keep(place, null);
location.replace(response.url);
} else submitPlainly();
}, function () {
clearTimeout(patience);
lost();
});
}
// The age runs by the page's own clock, which nobody can set. Only the time during which the page
// was closed is taken from the phone's; when that is wrong, sending is asked for and not lost.
function wait(ms) {
waiting = true;
waited = ms;
since = performance.now();
}
function age() {
return waited + performance.now() - since;
}
function retry() {
if (!waiting || navigator.onLine === false) return;
if (age() < DAY) send();
else stop();
}

// What was typed before, unless the server has just sent back something newer.
function restore() {
var draft = read(place);
if (document.getElementById('errors')) return save();
if (!draft || !draft.values) return;
var closed = Math.max(0, Date.now() - draft.at);
if (closed > 7 * DAY) return keep(place, null);
fields(function (field) {
var value = draft.values[slot(field)];
if (ticks(field)) field.checked = field.value === value;
else if (value) field.value = value;
});
if (draft.age >= 0 && draft.age + closed < DAY) {
wait(draft.age + closed);
say(words.again, words.stop, stop);
setTimeout(retry, 3000);
} else {
say(words.back, words.clear, function () {
keep(place, null);
form.reset();
key.value = ownKey;
say();
count();
});
}
}

form.noValidate = true;
form.addEventListener('submit', function (event) {
event.preventDefault();
if (!sending && complete()) send();
});
form.addEventListener('change', function (event) {
var question = event.target.closest('.q');
if (question) question.classList.remove('bad');
if (!waiting) say();
count();
});
form.addEventListener('input', save);
form.addEventListener('change', save);
addEventListener('online', retry);
addEventListener('pageshow', function (event) {
if (event.persisted) busy(false);
count();
});
setInterval(retry, 30000);
restore();
count();
}

// The script stands in the page's head, so this is still to come.
addEventListener('DOMContentLoaded', start);
})();
