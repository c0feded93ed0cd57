SELECT DISTINCT address
FROM drumbeat_state.optout
WHERE :kind = '' OR kind IN ('', :kind)
ORDER BY address
