/* The words of the rule language as people say them. */
#include "replay/doc.h"

static const struct {
	const char *word;
	struct both says;
} words[] = {
	{"policy", {"政策类", "policy"}}, {"management", {"管理类", "management"}}, {"medical", {"医疗类", "medical"}}, {"fund", {"基金运行", "fund"}},
	{"violation", {"明确违规", "clear violation"}}, {"suspicious", {"可疑", "suspicious"}}, {"clue", {"线索", "clue"}},
	{"low", {"低", "low"}}, {"high", {"高", "high"}}, {"critical", {"严重", "critical"}}, {"medium", {"中", "medium"}},
	{"enforce", {"执行", "enforced"}}, {"shadow", {"试运行", "shadow"}}, {"off", {"停用", "off"}},
	{"before", {"事前", "before"}}, {"during", {"事中", "during"}}, {"after", {"事后", "after"}},
	{"outpatient", {"门急诊", "outpatient"}}, {"inpatient", {"住院", "inpatient"}}, {"pharmacy", {"购药", "pharmacy"}},
	{"internet", {"互联网", "internet"}}, {"cross_region", {"异地", "other regions"}},
	{"yuan", {"元", "yuan"}}, {"ratio", {"比例", "ratio"}}, {"count", {"个数", "count"}}, {"days", {"天", "days"}},
};

struct both
doc_word(const char *word)
{
	for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].says;
	return (struct both){word ? word : "", ""};
}
