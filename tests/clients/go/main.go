// main drives higress-ops with the official Go client: client WAY ERA STEP PATH TARGET….
// WAY is stdio (TARGET: the command), http or sse (TARGET: the URL). Prints one JSON object a line; go_sdk.py judges.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func say(what map[string]any) {
	text, _ := json.Marshal(what)
	fmt.Println(string(text))
}

func must[T any](value T, err error) T {
	if err != nil {
		say(map[string]any{"error": err.Error()})
		os.Exit(1)
	}
	return value
}

func transport(way string, target []string) mcp.Transport {
	switch way {
	case "stdio":
		return &mcp.CommandTransport{Command: exec.Command(target[0], target[1:]...)}
	case "sse":
		return &mcp.SSEClientTransport{Endpoint: target[0]}
	}
	return &mcp.StreamableClientTransport{Endpoint: target[0], MaxRetries: 1}
}

func call(ctx context.Context, s *mcp.ClientSession, tool string, arguments map[string]any) (map[string]any, error) {
	result, err := s.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return nil, err
	}
	answer, _ := result.StructuredContent.(map[string]any)
	if result.IsError {
		return nil, fmt.Errorf("isError: %s", result.Content[0].(*mcp.TextContent).Text)
	}
	return answer, nil
}

func patch(path string) map[string]any {
	return map[string]any{"kind": "route", "action": "patch", "name": "orders",
		"object": map[string]any{"path": map[string]any{"matchValue": path}}}
}

func operate(ctx context.Context, s *mcp.ClientSession, path string) {
	tools := must(s.ListTools(ctx, nil))
	resources := must(s.ListResources(ctx, nil))
	read := must(s.ReadResource(ctx, &mcp.ReadResourceParams{URI: "higress://gateway/default/route/orders"}))
	routes := must(call(ctx, s, "list_routes", nil))
	changed := must(call(ctx, s, "change_resource", patch(path)))
	say(map[string]any{"tools": len(tools.Tools), "resources": len(resources.Resources), "read": read.Contents[0].Text,
		"count": routes["count"], "state": changed["state"]})
}

func byHand(ctx context.Context, s *mcp.ClientSession, path string) {
	asks := must(call(ctx, s, "change_resource", patch(path)))
	say(asks)
	bufio.NewReader(os.Stdin).ReadString('\n')
	say(must(call(ctx, s, "get_change", map[string]any{"id": asks["id"], "wait": 10})))
}

func cancel(ctx context.Context, s *mcp.ClientSession, path string) {
	plan := must(call(ctx, s, "change_resource", patch(path)))
	short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	start := time.Now()
	_, err := call(short, s, "get_change", map[string]any{"id": plan["id"], "wait": 20})
	after := must(call(ctx, s, "cancel_change", map[string]any{"id": plan["id"]}))
	say(map[string]any{"cancelled": err != nil, "seconds": time.Since(start).Seconds(), "state": after["state"]})
}

func killed(ctx context.Context, s *mcp.ClientSession, path string) {
	plan := must(call(ctx, s, "change_resource", patch(path)))
	say(map[string]any{"calling": plan["id"]})
	start := time.Now()
	_, err := call(ctx, s, "get_change", map[string]any{"id": plan["id"], "wait": 30})
	say(map[string]any{"failed": err != nil, "seconds": time.Since(start).Seconds()})
	os.Exit(0)
}

func main() {
	way, era, step, path, target := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	defer stop()
	options := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}}
	if step == "operate" {
		options.ElicitationHandler = func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"decision": "approve"}}, nil
		}
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "client-test", Version: "1.0.0"}, options)
	s := must(client.Connect(ctx, transport(way, target), &mcp.ClientSessionOptions{ProtocolVersion: era}))
	say(map[string]any{"version": s.InitializeResult().ProtocolVersion})
	steps := map[string]func(context.Context, *mcp.ClientSession, string){
		"operate": operate, "by-hand": byHand, "cancel": cancel, "killed": killed,
	}
	steps[step](ctx, s, path)
	s.Close()
}
