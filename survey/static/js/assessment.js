/* A column of scores: Enter and the arrows go down the streets, and up; the last Enter reaches the
   button, so that nothing is stored by a key too many. Without script, Tab does the same. */
(function () {
'use strict';
var form = document.getElementById('scores');
if (!form) return;
var fields = Array.prototype.slice.call(form.querySelectorAll('input[name^="score:"]'));
var button = form.querySelector('button');
form.addEventListener('keydown', function (event) {
var at = fields.indexOf(event.target);
if (at < 0 || event.isComposing) return;
var step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
if (!step) return;
event.preventDefault();
var next = fields[at + step];
if (next) {
next.focus();
next.select();
} else if (event.key === 'Enter') {
var reason = form.querySelector('textarea');
(reason && !reason.value ? reason : button).focus();
}
});
fields.forEach(function (field) {
field.addEventListener('focus', function () { field.select(); });
});
})();
