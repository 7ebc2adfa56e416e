-- Civil-affairs domains.
SELECT code, name_zh, name_en FROM reg_domains
