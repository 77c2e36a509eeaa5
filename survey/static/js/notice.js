/* A notice in place of the survey, on a phone that still keeps an answer to the same code. Where
   nothing can be answered any more the answer is sent once, because it may have arrived before and
   only its reply was lost: then its receipt follows. If it had not, it is not sent again, and what
   was typed is shown, so that nothing is lost unseen. Follows resident.js, which keeps each form
   under the path of its page. */
(function () {
'use strict';
function start() {
var box = document.getElementById('kept');
if (!box) return;
// A code can be typed in several ways: after a form was sent, its page is the one before.
var before = document.referrer.slice(location.origin.length).split('?')[0];
var place = null;
var draft = null;
[location.pathname, before].forEach(function (path) {
if (draft) return;
place = path;
try {
draft = JSON.parse(localStorage.getItem('jieping:' + path));
} catch (error) {}
if (draft && !draft.values) draft = null;
});
if (!draft) return;
var over = box.hasAttribute('data-over');
var names = Object.keys(draft.values);

// What was tapped is kept under "question=option"; a number for a call back is not shown.
function show() {
var words = box.querySelector('.words');
var tapped = 0;
names.forEach(function (name) {
if (name.indexOf('=') > 0) tapped++;
else if (draft.values[name].trim() && name !== 'submission_key' && name !== 'phone') {
var said = document.createElement('p');
said.textContent = draft.values[name];
words.appendChild(said);
}
});
words.hidden = words.previousElementSibling.hidden = !words.firstChild;
box.querySelector('button').onclick = function () {
localStorage.removeItem('jieping:' + place);
box.hidden = true;
};
box.hidden = !tapped && words.hidden;
}
function settle() {
draft.age = -1;
draft.refused = true;
try {
localStorage.setItem('jieping:' + place, JSON.stringify(draft));
} catch (error) {}
show();
}
function ask() {
var body = new URLSearchParams('lang=' + document.documentElement.lang.slice(0, 2));
names.forEach(function (name) {
body.append(name.split('=')[0], draft.values[name]);
});
fetch(place, { method: 'POST', body: body }).then(function (response) {
var status = response.status;
if (status < 400 && response.url.indexOf('/r/') > 0) {
localStorage.removeItem('jieping:' + place);
location.replace(response.url);
} else if (status >= 400 && status < 500 && status !== 429) settle();
else setTimeout(ask, 30000);
}, function () {
setTimeout(ask, 30000);
});
}
if (!over || draft.refused) show();
else if (window.fetch && window.URLSearchParams) ask();
else settle();
}
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
