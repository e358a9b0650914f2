#include "check.h"

#include "base/text.h"
#include "web/template.h"

static const char phrases[] = "# a remark = no phrase\n"
			      "hello = Hello {{name}}\n"
			      "long = one\n"
			      "\ttwo\n"
			      "    three\n"
			      "ring = {{ring-back}}\n"
			      "ring-back = {{ring}}\n"
			      "last = at the end";

static const struct slot one[] = { { .name = "n", .text = "1" },
	{ .name = NULL } };
static const struct slot two[] = { { .name = "n", .text = "2" },
	{ .name = "name", .text = "inner" }, { .name = NULL } };
static const struct scope list[] = { { one }, { two } };
static const struct slot slots[] = {
	{ .name = "name", .text = "<b>&\"'" },
	{ .name = "none", .text = NULL },
	{ .name = "empty", .text = "" },
	{ .name = "said", .phrase = "hello" },
	{ .name = "unsaid", .phrase = "no such phrase" },
	{ .name = "list", .list = list, .items = 2 },
	{ .name = "nobody", .list = list, .items = 0 },
	{ .name = NULL },
};

static void
templates_rendered(void **state)
{
	static const struct {
		const char *sentence, *source;
		const char *want; /* NULL: refused */
	} rows[] = {
		{ "text alone", "a { b } c", "a { b } c" },
		{ "nothing", "", "" },
		{ "a slot is escaped", "[{{name}}]",
		    "[&lt;b&gt;&amp;&quot;&#39;]" },
		{ "a slot without text writes nothing", "[{{none}}]", "[]" },
		{ "a phrase by its name", "{{last}}", "at the end" },
		{ "a phrase sees the slots", "{{said}}",
		    "Hello &lt;b&gt;&amp;&quot;&#39;" },
		{ "a phrase over lines", "{{long}}", "one\n\ttwo\n    three" },
		{ "a remark", "a{{! {name} }}b", "ab" },
		{ "a block of a list", "{{#list}}<{{n}}>{{/list}}", "<1><2>" },
		{ "an inner scope hides the outer",
		    "{{#list}}{{name}},{{/list}}",
		    "&lt;b&gt;&amp;&quot;&#39;,inner," },
		{ "a block of a text", "{{#name}}yes{{/name}}", "yes" },
		{ "a block of a phrase", "{{#said}}yes{{/said}}", "yes" },
		{ "a block of an empty text", "{{#empty}}yes{{/empty}}", "" },
		{ "a block of no text", "{{#none}}yes{{/none}}", "" },
		{ "a block of an empty list", "{{#nobody}}yes{{/nobody}}", "" },
		{ "the absence of a text", "{{^none}}no{{/none}}", "no" },
		{ "the absence of an empty list", "{{^nobody}}no{{/nobody}}",
		    "no" },
		{ "no absence of a list", "{{^list}}no{{/list}}", "" },
		{ "no absence of a text", "{{^name}}no{{/name}}", "" },
		{ "blocks within blocks",
		    "{{#list}}{{#said}}{{n}}{{/said}}{{/list}}", "12" },
		{ "block lines leave no empty lines",
		    "a\n{{#list}}\n{{n}}\n{{/list}}\nb\n", "a\n1\n2\nb\n" },
		{ "an unknown name", "{{what}}", NULL },
		{ "an unknown phrase of a slot", "{{unsaid}}", NULL },
		{ "a remark of the phrase file is no phrase", "{{# a remark}}",
		    NULL },
		{ "a block of an unknown name", "{{#what}}{{/what}}", NULL },
		{ "the absence of an unknown name", "{{^what}}{{/what}}",
		    NULL },
		{ "an open hole", "a {{name", NULL },
		{ "an open block", "{{#name}} a", NULL },
		{ "a block closed by another name", "{{#name}}{{/list}}",
		    NULL },
		{ "a closing alone", "{{/name}}", NULL },
		{ "an empty hole", "{{}}", NULL },
		{ "phrases in a ring", "{{ring}}", NULL },
		{ "an unknown name where it is not written",
		    "{{#none}}{{what}}{{/none}}", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct scope scope = { slots };
		char buf[128];
		struct text out;
		bool fine;

		text_init(&out, buf, sizeof(buf));
		fine = template_render(rows[i].source, phrases, &scope, &out);
		check_int(rows[i].sentence, fine, rows[i].want != NULL);
		if (rows[i].want != NULL) {
			check_text(rows[i].sentence, buf, rows[i].want);
		}
	}
}

static void
deep_blocks_end(void **state)
{
	static const char source
	    [] = "{{#a}}{{#b}}{{#c}}{{#d}}{{#e}}{{#f}}{{#g}}{{#h}}{{#i}}{{#j}}"
		 "{{#k}}{{#l}}{{#m}}x"
		 "{{/m}}{{/l}}{{/k}}{{/j}}{{/i}}{{/h}}{{/g}}{{/f}}{{/e}}{{/d}}"
		 "{{/c}}{{/b}}{{/a}}";
	static const char names[13][2] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m" };
	struct slot deep[COUNT(names) + 1] = { { .name = NULL } };
	const struct scope scope = { deep };
	char buf[16];
	struct text out;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		deep[i] = (struct slot){
			.name = names[i], .list = list, .items = 1
		};
	}
	text_init(&out, buf, sizeof(buf));
	assert_false(template_render(source, phrases, &scope, &out));
}

static void
too_little_room(void **state)
{
	const struct scope scope = { slots };
	char buf[8];
	struct text out;

	(void)state;
	text_init(&out, buf, sizeof(buf));
	assert_true(template_render("1234567", phrases, &scope, &out));
	text_init(&out, buf, sizeof(buf));
	assert_false(template_render("12345678", phrases, &scope, &out));
	text_init(&out, buf, sizeof(buf));
	assert_false(template_render("{{name}}", phrases, &scope, &out));
}

static void
escapes(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "plain text", "a b", "a b" },
		{ "a tag", "<script>", "&lt;script&gt;" },
		{ "the end of an attribute", "\" onload='x'",
		    "&quot; onload=&#39;x&#39;" },
		{ "a reference is not taken for one", "&lt;", "&amp;lt;" },
		{ "control characters", "a\r\n\tb\x7f\x01", "a???b??" },
		{ "other letters", "é", "é" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[64];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		template_escape(&out, rows[i].text);
		check_text(rows[i].sentence, buf, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_rendered),
		cmocka_unit_test(deep_blocks_end),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
