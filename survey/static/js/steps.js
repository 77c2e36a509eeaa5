/* One group of questions a step, where the installation wants that (JIEPING_SURVEY_LAYOUT).
   Only shows and hides: the form is one form, the browser's history has one entry, and the Back
   button of the phone leaves the page as it would anywhere. Follows resident.js. */
(function () {
'use strict';
function start() {
var form = document.getElementById('form');
if (!form) return;
var groups = form.querySelectorAll('section');
var send = form.querySelector('.send');
var footer = form.querySelector('footer');
var go = document.getElementById('go');
var at = 0;

function groupOf(element) {
for (var i = 0; i < groups.length; i++) if (groups[i].contains(element)) return i;
return at;
}
// The first question that must be answered and is not, from here on or in all.
function open(within) {
var needed = within.querySelectorAll('.need');
for (var i = 0; i < needed.length; i++) {
if (!needed[i].querySelector('[type=radio]:checked')) return needed[i];
}
return null;
}
function show(step, moved) {
var last = groups.length - 1;
at = step;
for (var i = 0; i < groups.length; i++) groups[i].hidden = i !== at;
back.hidden = !at;
next.hidden = at === last;
send.hidden = footer.hidden = at !== last;
if (!moved) return;
// The heading takes the focus, so that a screen reader goes on where the eye does.
var heading = groups[at].querySelector('h2,.legend');
heading.tabIndex = -1;
heading.focus({ preventScroll: true });
heading.scrollIntoView();
}
function button(text, act) {
var made = document.createElement('button');
made.type = 'button';
made.textContent = text;
made.onclick = act;
row.appendChild(made);
return made;
}

var row = document.createElement('p');
row.className = 'move';
var back = button(form.dataset.prev, function () {
show(at - 1, true);
});
var next = button(form.dataset.next, function () {
// Something is open here: the form's own check names it, and sends nothing.
if (open(groups[at])) go.click();
else show(at + 1, true);
});
form.insertBefore(row, send);
go.addEventListener('click', function () {
var missing = open(form);
if (missing) show(groupOf(missing));
});
// A link of the summary of mistakes leads into another step.
document.addEventListener('click', function (event) {
var hash = event.target.hash;
var target = hash && document.getElementById(hash.slice(1));
if (target) show(groupOf(target));
});
var bad = form.querySelector('.bad');
show(bad ? groupOf(bad) : 0);
form.className = 'ready';
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
